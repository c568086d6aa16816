{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}
-- Grain: one row per click on a search result, but for suspected bots. Facts only: whether a
-- click counts is decided in searches. Append-only: a click never changes.
select
    ordinal,
    project,
    environment,
    search_id,
    event_at as clicked_at,
    cast(click_position as bigint) as click_position
from {{ ref('stg_search_result_clicked') }}
where search_id is not null
    and not coalesce(is_suspected_bot, false)
    {% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(ordinal), -1) from ' ~ this) %}
    and ordinal > {{ newest.columns[0].values()[0] }}
    {% endif %}
