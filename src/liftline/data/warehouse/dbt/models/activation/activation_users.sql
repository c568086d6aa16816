{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'user_id'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment and user that signed up.
-- Time runs from the user's own sign-up in spans of 24 h, half-open: activated on Dn means
-- activated_at < sign-up + n x 24 h; retained on D1 means active in [24 h, 48 h), on D7 in
-- [168 h, 192 h). A span is judged only when events are known to its end (data_hours, never
-- the clock on the wall); before that the answer is null, also for those already activated,
-- because a cohort of early successes alone would look better than it is.
-- A build reads the users touched since the last one, by new events or by data that now
-- reaches past one of their spans. Equal to a full refresh on the same events.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
with known as (
    select project, environment, max(data_through) as data_through
    from {{ ref('data_hours') }}
    group by project, environment
),

{% if is_incremental() %}
touched as (
    select project, environment, user_id
    from {{ ref('user_events') }}
    where ordinal > {{ since }}
    union
    select users.project, users.environment, users.user_id
    from {{ this }} as users
    inner join known using (project, environment)
    where users.is_mature_d1 <> (users.signed_up_at + interval 24 hours <= known.data_through)
        or users.is_mature_retention_d1
            <> (users.signed_up_at + interval 48 hours <= known.data_through)
        or users.is_mature_d7 <> (users.signed_up_at + interval 168 hours <= known.data_through)
        or users.is_mature_retention_d7
            <> (users.signed_up_at + interval 192 hours <= known.data_through)
),
{% endif %}

milestones as (
    select
        project,
        environment,
        user_id,
        min(event_at) filter (where is_planned_track and name = 'user_signed_up') as signed_up_at,
        min(event_at) filter (where is_planned_track and name = 'onboarding_step_completed')
            as first_step_completed_at,
        min(event_at) filter (where is_planned_track and name = 'source_connected') as source_connected_at,
        min(event_at) filter (where is_planned_track and name = 'invite_created') as first_invite_created_at,
        min(event_at) filter (where is_planned_track and name = 'user_activated') as activated_at,
        max(ordinal) as last_ordinal
    from {{ ref('user_events') }}
    {% if is_incremental() %}
    where (project, environment, user_id) in (
        select (project, environment, user_id) from touched
    )
    {% endif %}
    group by project, environment, user_id
    having count(*) filter (where is_planned_track and name = 'user_signed_up') > 0
),

activity as (
    select
        users.project,
        users.environment,
        users.user_id,
        bool_or(activity.event_at < users.signed_up_at + interval 48 hours) as is_active_d1,
        bool_or(activity.event_at >= users.signed_up_at + interval 168 hours) as is_active_d7
    from milestones as users
    inner join {{ ref('user_activity') }} as activity
        on activity.project = users.project
        and activity.environment = users.environment
        and activity.user_id = users.user_id
        and activity.event_at >= users.signed_up_at + interval 24 hours
        and activity.event_at < users.signed_up_at + interval 192 hours
    group by users.project, users.environment, users.user_id
),

judged as (
    select
        milestones.*,
        coalesce(activity.is_active_d1, false) as is_active_d1,
        coalesce(activity.is_active_d7, false) as is_active_d7,
        coalesce(milestones.signed_up_at + interval 24 hours <= known.data_through, false)
            as is_mature_d1,
        coalesce(milestones.signed_up_at + interval 168 hours <= known.data_through, false)
            as is_mature_d7,
        coalesce(milestones.signed_up_at + interval 48 hours <= known.data_through, false)
            as is_mature_retention_d1,
        coalesce(milestones.signed_up_at + interval 192 hours <= known.data_through, false)
            as is_mature_retention_d7
    from milestones
    left join known using (project, environment)
    left join activity using (project, environment, user_id)
)

select
    project,
    environment,
    user_id,
    signed_up_at,
    cast(signed_up_at as date) as signup_date,
    first_step_completed_at,
    source_connected_at,
    first_invite_created_at,
    activated_at,
    case
        when is_mature_d1
            then coalesce(activated_at < signed_up_at + interval 24 hours, false)
    end as is_activated_d1,
    case
        when is_mature_d7
            then coalesce(activated_at < signed_up_at + interval 168 hours, false)
    end as is_activated_d7,
    case when is_mature_retention_d1 then is_active_d1 end as is_retained_d1,
    case when is_mature_retention_d7 then is_active_d7 end as is_retained_d7,
    is_mature_d1,
    is_mature_d7,
    is_mature_retention_d1,
    is_mature_retention_d7,
    last_ordinal
from judged
