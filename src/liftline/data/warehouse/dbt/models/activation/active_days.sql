{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'user_id', 'active_date'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment, user and UTC day with activity.
-- Only activity after the last build is read and added to the days it belongs to.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
with fresh as (
    select
        project,
        environment,
        user_id,
        cast(event_at as date) as active_date,
        min(event_at) as first_active_at,
        count(*) as events,
        max(ordinal) as last_ordinal
    from {{ ref('user_activity') }}
    where ordinal > {{ since }}
    group by all
),

known as (
    select project, environment, user_id, active_date, first_active_at, events, last_ordinal
    from fresh
    {% if is_incremental() %}
    union all
    select project, environment, user_id, active_date, first_active_at, events, last_ordinal
    from {{ this }}
    where (project, environment, user_id, active_date)
        in (select (project, environment, user_id, active_date) from fresh)
    {% endif %}
)

select
    project,
    environment,
    user_id,
    active_date,
    min(first_active_at) as first_active_at,
    cast(sum(events) as bigint) as events,
    max(last_ordinal) as last_ordinal
from known
group by project, environment, user_id, active_date
