{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'search_id'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment and search; of two events with one search_id the
-- first in log order counts. A search is clicked when a result was chosen at its instant or less
-- than 30 minutes after it, not before it; that is null until those 30 minutes are known. A visitor is the user, else the
-- anonymous id, else the search alone. The query's text stays out: it is personal.
-- Only events after the last build are read; earlier ones are in the row they made.
-- Searches and clicks have a mark each: they are read at different moments of a build.
{% set since = -1 %}
{% set clicks_since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query(
        'select coalesce(max(first_ordinal), -1), coalesce(max(last_click_ordinal), -1) from '
        ~ this
    ) %}
    {% set since = newest.columns[0].values()[0] %}
    {% set clicks_since = newest.columns[1].values()[0] %}
{% endif %}
with data as (
    select project, environment, max(data_through) as data_through
    from {{ ref('data_hours') }}
    group by project, environment
),

fresh as (
    select
        project,
        environment,
        search_id,
        user_id,
        coalesce(user_id, anonymous_id, search_id) as visitor_id,
        event_at as searched_at,
        has_quotes,
        results_count,
        latency_ms,
        zero_result as is_zero_result,
        coalesce(is_typeahead, false) as is_typeahead,
        ordinal as first_ordinal
    from {{ ref('stg_search_performed') }}
    where search_id is not null
        and ordinal > {{ since }}
        {% if is_incremental() %}
        and (project, environment, search_id) not in (
            select (project, environment, search_id) from {{ this }}
        )
        {% endif %}
    qualify row_number() over (
        partition by project, environment, search_id order by ordinal
    ) = 1
),

touched as (
    select * from fresh
    {% if is_incremental() %}
    union all
    select
        searches.project, searches.environment, searches.search_id, searches.user_id,
        searches.visitor_id, searches.searched_at, searches.has_quotes, searches.results_count,
        searches.latency_ms, searches.is_zero_result, searches.is_typeahead,
        searches.first_ordinal
    from {{ this }} as searches
    inner join data using (project, environment)
    where (searches.project, searches.environment, searches.search_id) in (
            select (project, environment, search_id)
            from {{ ref('search_clicks') }}
            where ordinal > {{ clicks_since }}
        )
        or searches.is_mature
            <> (searches.searched_at + interval 30 minutes <= data.data_through)
    {% endif %}
),

clicks as (
    select
        touched.project,
        touched.environment,
        touched.search_id,
        min(clicks.clicked_at) as first_click_at,
        min_by(clicks.click_position, (clicks.clicked_at, clicks.ordinal)) as click_position,
        max(clicks.ordinal) as last_click_ordinal
    from touched
    inner join {{ ref('search_clicks') }} as clicks
        on clicks.project = touched.project
        and clicks.environment = touched.environment
        and clicks.search_id = touched.search_id
        and clicks.clicked_at >= touched.searched_at
        and clicks.clicked_at < touched.searched_at + interval 30 minutes
    group by touched.project, touched.environment, touched.search_id
),

judged as (
    select
        touched.*,
        clicks.first_click_at,
        clicks.click_position,
        clicks.last_click_ordinal,
        coalesce(touched.searched_at + interval 30 minutes <= data.data_through, false)
            as is_mature
    from touched
    left join data using (project, environment)
    left join clicks using (project, environment, search_id)
)

select
    project,
    environment,
    search_id,
    user_id,
    visitor_id,
    searched_at,
    has_quotes,
    cast(results_count as bigint) as results_count,
    cast(latency_ms as double) as latency_ms,
    is_zero_result,
    is_typeahead,
    case when is_mature then first_click_at is not null end as is_clicked,
    first_click_at,
    click_position,
    is_mature,
    first_ordinal,
    last_click_ordinal
from judged
