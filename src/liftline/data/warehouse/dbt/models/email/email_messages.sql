{{ config(
    schema='analytics',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['project', 'environment', 'send_id'],
    on_schema_change='fail'
) }}
-- Grain: one row per project, environment and e-mail handed to a provider or heard of
-- (send_id). Of each kind of event the earliest counts. Opens by machines and clicks by
-- suspected bots do not count; notices without a send_id belong to no message and are left
-- out. A message heard of before its email_sent has no sent_at yet.
-- Only events after the last build are read; earlier ones are in the row they made.
{% set since = -1 %}
{% if is_incremental() %}
    {% set newest = run_query('select coalesce(max(last_ordinal), -1) from ' ~ this) %}
    {% set since = newest.columns[0].values()[0] %}
{% endif %}
{% set kinds = [
    ('stg_email_sent', 'sent_at', 'true'),
    ('stg_email_delivered', 'delivered_at', 'true'),
    ('stg_email_bounced', 'hard_bounced_at', "bounce_class = 'hard'"),
    ('stg_email_complained', 'complained_at', 'true'),
    ('stg_email_unsubscribed', 'unsubscribed_at', 'true'),
    ('stg_email_opened', 'opened_at', 'not is_machine'),
    ('stg_email_clicked', 'clicked_at', 'not is_suspected_bot'),
] %}
with fresh as (
    {% for model, instant, condition in kinds %}
    select
        project, environment, send_id, user_id, template_id, category,
        {% for _, other, _ in kinds -%}
        {{ 'event_at' if other == instant else 'cast(null as timestamp)' }} as {{ other }},
        {% endfor -%}
        ordinal as last_ordinal
    from {{ ref(model) }}
    where send_id is not null and ordinal > {{ since }} and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

known as (
    select * from fresh
    {% if is_incremental() %}
    union all
    select
        project, environment, send_id, user_id, template_id, category,
        {% for _, instant, _ in kinds -%} {{ instant }}, {% endfor -%}
        last_ordinal
    from {{ this }}
    where (project, environment, send_id) in (
        select (project, environment, send_id) from fresh
    )
    {% endif %}
),

messages as (
    select
        project,
        environment,
        send_id,
        min(user_id) as user_id,
        min(template_id) as template_id,
        min(category) as category,
        {% for _, instant, _ in kinds -%} min({{ instant }}) as {{ instant }},
        {% endfor -%}
        max(last_ordinal) as last_ordinal
    from known
    group by project, environment, send_id
)

select
    project,
    environment,
    send_id,
    user_id,
    coalesce(user_id, send_id) as recipient_id,
    template_id,
    category,
    {% for _, instant, _ in kinds -%} {{ instant }},
    {% endfor -%}
    sent_at is not null as is_sent,
    -- A mail that was opened, clicked or complained about has arrived, whatever was lost.
    coalesce(delivered_at, opened_at, clicked_at, complained_at) is not null as is_delivered,
    hard_bounced_at is not null as is_hard_bounced,
    complained_at is not null as is_complained,
    unsubscribed_at is not null as is_unsubscribed,
    opened_at is not null as is_opened,
    clicked_at is not null as is_clicked,
    last_ordinal
from messages
