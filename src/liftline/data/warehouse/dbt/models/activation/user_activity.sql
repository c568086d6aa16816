{{ config(schema='analytics', materialized='view') }}
-- Grain: one row per event that shows a user active. Active means that the user did something
-- the product or its server reports: tracked actions, page and screen views. Not activity:
-- what is done to a user or decided about one (e-mail events, exposures, user_activated), what
-- the platform or CI sends, descriptions (identify, group, alias).
select
    ordinal,
    project,
    environment,
    user_id,
    event_at
from {{ ref('user_events') }}
where sender in ('public', 'server')
    and type in ('track', 'page', 'screen')
    and name not in (
        'email_sent', 'email_delivered', 'email_bounced', 'email_opened', 'email_clicked',
        'email_complained', 'email_unsubscribed', 'email_converted',
        'experiment_exposure', 'user_activated'
    )
