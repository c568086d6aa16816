{{ config(schema='analytics', materialized='view') }}
-- Grain: one row per event of a known user; semantic duplicates are left out.
-- The user is the envelope's; the planned events of activation may say it as a property
-- instead (the door has seen to it that the two agree). is_planned_track keeps a page that is
-- merely named like a planned event from being taken for it.
with events as (
    select
        ordinal, project, environment, type, name, sender, event_at,
        type = 'track' and is_planned as is_planned_track,
        case
            when user_id is not null then user_id
            when type = 'track' and is_planned and name in (
                'user_signed_up', 'user_activated', 'source_connected', 'invite_created',
                'onboarding_step_started', 'onboarding_step_completed', 'checklist_viewed',
                'tooltip_opened'
            ) then {{ prop('properties', 'user_id') }}
        end as user_id
    from {{ source('raw', 'events') }}
    where not is_semantic_duplicate
)

select ordinal, project, environment, user_id, type, name, sender, is_planned_track, event_at
from events
where user_id is not null
