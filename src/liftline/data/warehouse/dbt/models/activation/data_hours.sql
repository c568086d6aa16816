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
-- imported is known only as far as it has come. Nor does a collector's clock that ran ahead
-- when it took an event: no event was received after the newest load was committed, whose
-- instant another process wrote. What an earlier build believed is cut to that as well, so
-- that clocks that were both wrong are forgiven by the first load after they were set right.
-- What the platform itself sends is no proof that the product's events arrive. Only events
-- after the last build are read.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
with newest_load as (
    select arg_max(committed_at, (load_id, records)) as committed_at
    from {{ source('raw', 'loads') }}
),

fresh as (
    select
        events.project,
        events.environment,
        date_trunc(
            'hour', least(events.event_at, events.received_at, newest_load.committed_at)
        ) as hour_at,
        count(*) as events,
        max(least(events.event_at, events.received_at)) as data_through,
        max(events.ordinal) as last_ordinal
    from {{ source('raw', 'events') }} as events
    cross join newest_load
    where events.sender <> 'system' and events.ordinal > {{ since }}
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
        or data_through > (select committed_at from newest_load)
    {% endif %}
)

select
    project,
    environment,
    hour_at,
    cast(sum(events) as bigint) as events,
    least(max(data_through), any_value(newest_load.committed_at)) as data_through,
    max(last_ordinal) as last_ordinal
from known
cross join newest_load
group by project, environment, hour_at
