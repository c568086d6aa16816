{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'user_id', 'step_id'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment, user and onboarding step that was started.
-- A step that was completed without a start (its event was lost) started when it was
-- completed. Completed counts within 24 h of the start, and is null until those are known.
-- Only events after the last build are read; earlier ones are in the row they made.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
with data as (
    select project, environment, max(data_through) as data_through
    from {{ ref('data_hours') }}
    group by project, environment
),

fresh as (
    select
        project, environment, user_id, step_id,
        event_at as started_event_at, cast(null as timestamp) as completed_at, ordinal
    from {{ ref('stg_onboarding_step_started') }}
    where ordinal > {{ since }} and user_id is not null and step_id is not null
    union all
    select
        project, environment, user_id, step_id,
        cast(null as timestamp) as started_event_at, event_at as completed_at, ordinal
    from {{ ref('stg_onboarding_step_completed') }}
    where ordinal > {{ since }} and user_id is not null and step_id is not null
),

known as (
    select project, environment, user_id, step_id, started_event_at, completed_at,
        ordinal as last_ordinal
    from fresh
    {% if is_incremental() %}
    union all
    select steps.project, steps.environment, steps.user_id, steps.step_id,
        steps.started_event_at, steps.completed_at, steps.last_ordinal
    from {{ this }} as steps
    inner join data using (project, environment)
    where (steps.project, steps.environment, steps.user_id, steps.step_id)
            in (select (project, environment, user_id, step_id) from fresh)
        or steps.is_mature_d1 <> (steps.started_at + interval 24 hours <= data.data_through)
    {% endif %}
),

steps as (
    select
        project,
        environment,
        user_id,
        step_id,
        coalesce(min(started_event_at), min(completed_at)) as started_at,
        min(started_event_at) as started_event_at,
        min(completed_at) as completed_at,
        max(last_ordinal) as last_ordinal
    from known
    group by project, environment, user_id, step_id
),

judged as (
    select
        steps.*,
        coalesce(steps.started_at + interval 24 hours <= data.data_through, false)
            as is_mature_d1
    from steps
    left join data using (project, environment)
)

select
    project,
    environment,
    user_id,
    step_id,
    started_at,
    started_event_at,
    completed_at,
    case
        when is_mature_d1 then coalesce(completed_at < started_at + interval 24 hours, false)
    end as is_completed_d1,
    is_mature_d1,
    last_ordinal
from judged
