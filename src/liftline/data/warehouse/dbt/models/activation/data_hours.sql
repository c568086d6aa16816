{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'hour_at'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment and UTC hour in which an event is known of.
-- An event is known at the earlier of the instant it says and the instant it was received: a
-- client's clock that runs ahead proves nothing about the future, and a history that is being
-- imported is known only as far as it has come. What the platform itself sends is no proof
-- that the product's events arrive. Only events after the last build are read.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
with fresh as (
    select
        project,
        environment,
        date_trunc('hour', least(event_at, received_at)) as hour_at,
        count(*) as events,
        max(least(event_at, received_at)) as data_through,
        max(ordinal) as last_ordinal
    from {{ source('raw', 'events') }}
    where sender <> 'system' and ordinal > {{ since }}
    group by all
),

known as (
    select project, environment, hour_at, events, data_through, last_ordinal
    from fresh
    {% if is_incremental() %}
    union all
    select project, environment, hour_at, events, data_through, last_ordinal
    from {{ this }}
    where (project, environment, hour_at) in (select (project, environment, hour_at) from fresh)
    {% endif %}
)

select
    project,
    environment,
    hour_at,
    cast(sum(events) as bigint) as events,
    max(data_through) as data_through,
    max(last_ordinal) as last_ordinal
from known
group by project, environment, hour_at
