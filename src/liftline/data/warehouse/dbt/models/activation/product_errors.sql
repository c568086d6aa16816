{{ config(schema='analytics', materialized='view') }}
-- Grain: one row per error that the product reported (app_error). user_id is null where
-- nobody was signed in.
select
    ordinal,
    project,
    environment,
    user_id,
    event_at,
    {{ prop('properties', 'error_class') }} as error_class,
    {{ prop('properties', 'is_fatal', 'boolean') }} as is_fatal
from {{ source('raw', 'events') }}
where name = 'app_error' and type = 'track' and is_planned and not is_semantic_duplicate
