{{ config(schema='analytics', materialized='view') }}
-- Grain: one row per event that shows a user active: page and screen views, and tracked actions,
-- planned or not, that the product or its server reports. Not activity is
-- - what is done to a user or decided about one: e-mail events, exposures, user_activated;
-- - what machines do, even where a server names a user beside it: CI, deployments, artifacts;
-- - every name that starts with `$`: those are for SDKs and flags ($feature_flag_called), need no
--   plan, and are sent without anybody doing anything;
-- - what the platform or CI sends, and descriptions (identify, group, alias).
-- A page may be called as it likes, email_sent too: only its `$` tells.
select
    ordinal,
    project,
    environment,
    user_id,
    event_at
from {{ ref('user_events') }}
where sender in ('public', 'server')
    and not starts_with(name, '$')
    and (
        type in ('page', 'screen')
        or type = 'track' and name not in (
            'email_sent', 'email_delivered', 'email_bounced', 'email_opened', 'email_clicked',
            'email_complained', 'email_unsubscribed', 'email_converted',
            'experiment_exposure', 'user_activated',
            'ci_run', 'ci_job', 'ci_step', 'ci_test_report', 'ci_cache_lookup',
            'deployment', 'artifact_built'
        )
    )
