-- SYNTHETIC. Events of one invented product over 35 days, made inside DuckDB, and tables in
-- the shape of the marts over them. It fixes sizes and distributions for bench/metrics.py;
-- the marts' definitions are the dbt models, not this file. $events is the number of events.
-- Mix: 44 % visits, 30 % searches, 9 % clicks on a result, 12 % e-mail, 2 % onboarding, 1 %
-- sign-ups, 2 % errors. A fifth of the rows are of a second project or environment.

-- name: raw_schema
create schema if not exists raw;

-- name: analytics_schema
create schema if not exists analytics;

-- name: raw_events
-- Grain: one row per event, in log order, event_at rising with a jitter of one hour.
create table raw.events as
select
  i as ordinal,
  if(h1 % 10 = 0, 'other', 'bench') as project,
  if(h1 % 9 = 0, 'staging', 'prod') as environment,
  case
    when kind < 44 then 'page_viewed'
    when kind < 74 then 'search_performed'
    when kind < 83 then 'search_result_clicked'
    when kind < 95 then 'email_sent'
    when kind < 97 then 'onboarding_step_completed'
    when kind < 98 then 'user_signed_up'
    else '$error'
  end as name,
  -- Squaring the share gives a few very active people and a long tail.
  'user-' || cast(floor(pow((h2 % 1000000) / 1e6, 2) * greatest($events / 50, 20)) as bigint)
    as user_id,
  timestamp '2026-01-01' + to_seconds(cast(i * (35 * 86400.0) / $events + h3 % 3600 as bigint))
    as event_at,
  event_at + to_seconds(cast(h3 % 5 as bigint)) as received_at,
  'public' as sender,
  false as is_semantic_duplicate,
  '{"code":"E' || (h3 % 40) || '","fatal":' || if(h2 % 7 = 0, 'true', 'false') || '}'
    as properties,
  h3 as draw
from (
  select
    i, hash(i) as h1, hash(i * 7 + 1) as h2, hash(i * 13 + 5) as h3, hash(i * 17 + 3) % 100 as kind
  from range(cast($events as bigint)) as numbers (i)
);

-- name: product_errors
create view analytics.product_errors as
select
  ordinal, project, environment, user_id, event_at, received_at, sender,
  json_extract_string(properties, '$.code') as error_type
from raw.events
where name = '$error' and not is_semantic_duplicate;

-- name: data_hours
create table analytics.data_hours as
select
  project, environment, date_trunc('hour', event_at) as hour_at, count(*) as events,
  max(event_at) as data_through, max(ordinal) as last_ordinal
from raw.events
group by all;

-- name: active_days
create table analytics.active_days as
select
  project, environment, user_id, cast(event_at as date) as active_date,
  min(event_at) as first_active_at, count(*) as events, max(ordinal) as last_ordinal
from raw.events
where name <> 'email_sent'
group by all;

-- name: searches
-- Grain: one row per search; 30 % are clicked. Mature half an hour after the search.
create table analytics.searches as
select
  e.project, e.environment, 'search-' || e.ordinal as search_id, e.user_id,
  e.user_id as visitor_id, e.event_at as searched_at,
  e.draw % 9 = 0 as has_quotes,
  cast(if(e.draw % 17 = 0, 0, e.draw % 120) as integer) as results_count,
  cast(20 + e.draw % 400 as double) as latency_ms,
  e.draw % 17 = 0 as is_zero_result,
  e.event_at + interval 30 minutes <= w.data_through as is_mature,
  if(is_mature, (e.draw // 31) % 10 < 3, null) as is_clicked,
  e.ordinal as last_ordinal
from raw.events as e
join (
  select project, environment, max(data_through) as data_through
  from analytics.data_hours group by all
) as w using (project, environment)
where e.name = 'search_performed';

-- name: activation_users
-- Grain: one row per sign-up event, each a person of their own.
create table analytics.activation_users as
select
  e.project, e.environment, 'person-' || e.ordinal as user_id,
  e.event_at as signed_up_at, cast(e.event_at as date) as signup_date,
  if(draw % 10 < 8, signed_up_at + to_seconds(cast(draw % 200000 as bigint)), null)
    as first_step_completed_at,
  if(draw % 10 < 6, signed_up_at + to_seconds(cast(draw % 400000 as bigint)), null)
    as source_connected_at,
  if(draw % 4 = 0, signed_up_at + to_seconds(cast(draw % 300000 as bigint)), null)
    as first_invite_created_at,
  if(draw % 100 < 45, signed_up_at + to_seconds(cast(draw % 640000 as bigint)), null)
    as activated_at,
  signed_up_at + interval 1 day <= w.data_through as is_mature_d1,
  signed_up_at + interval 7 days <= w.data_through as is_mature_d7,
  signed_up_at + interval 2 days <= w.data_through as is_mature_retention_d1,
  signed_up_at + interval 8 days <= w.data_through as is_mature_retention_d7,
  if(is_mature_d1, coalesce(activated_at < signed_up_at + interval 1 day, false), null)
    as is_activated_d1,
  if(is_mature_d7, coalesce(activated_at < signed_up_at + interval 7 days, false), null)
    as is_activated_d7,
  if(is_mature_retention_d1, draw % 100 < 38, null) as is_retained_d1,
  if(is_mature_retention_d7, draw % 100 < 22, null) as is_retained_d7,
  e.ordinal as last_ordinal
from raw.events as e
join (
  select project, environment, max(data_through) as data_through
  from analytics.data_hours group by all
) as w using (project, environment)
where e.name = 'user_signed_up';
