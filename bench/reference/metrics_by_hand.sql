-- The metric queries an analyst would write by hand for DuckDB, frozen before the metric
-- compiler exists. bench/metrics.py runs each beside the compiled query of the same name
-- and asserts the same rows. Changed once since, to be faster: the series group before they
-- say what is complete.
--
-- Every statement takes $project, $environment, $start and $end (half-open, UTC) and reads
-- the marts and the generated staging views, nothing else. Boolean marts columns are null
-- while a row is immature; mature rows never are.

-- name: series_activation_d7
-- Grain: one row per UTC day of sign-up with a mature user.
select
  bucket,
  numerator / denominator as value,
  numerator,
  denominator,
  bucket >= $start
    and bucket + interval 1 day <= $end
    and coalesce(bucket + interval 8 days <= (
      select max(data_through) from analytics.data_hours
      where project = $project and environment = $environment
    ), false) as is_complete
from (
  select date_trunc('day', signed_up_at) as bucket, count(*) filter (where is_activated_d7) as numerator, count(*) as denominator
  from analytics.activation_users
  where project = $project and environment = $environment
    and signed_up_at >= $start and signed_up_at < $end
    and is_mature_d7
  group by bucket
)
order by bucket;

-- name: value_activation_d7
-- Grain: one row.
select
  case when count(*) > 0 then count(*) filter (where is_activated_d7) / count(*) end as value,
  count(*) filter (where is_activated_d7) as numerator,
  count(*) as denominator
from analytics.activation_users
where project = $project and environment = $environment
  and signed_up_at >= $start and signed_up_at < $end
  and is_mature_d7;

-- name: series_search_ctr
-- Grain: one row per UTC day with a mature search.
select
  bucket,
  numerator / denominator as value,
  numerator,
  denominator,
  bucket >= $start
    and bucket + interval 1 day <= $end
    and coalesce(bucket + interval 1 day + interval 30 minutes <= (
      select max(data_through) from analytics.data_hours
      where project = $project and environment = $environment
    ), false) as is_complete
from (
  select date_trunc('day', searched_at) as bucket, count(*) filter (where is_clicked) as numerator, count(*) as denominator
  from analytics.searches
  where project = $project and environment = $environment
    and searched_at >= $start and searched_at < $end
    and is_mature
  group by bucket
)
order by bucket;

-- name: unit_statistics_search_ctr
-- Grain: one row. The unit is the visitor, because searches of one visitor are not independent.
select
  count(*) as n,
  sum(x) as sum_x, sum(x * x) as sum_xx,
  sum(y) as sum_y, sum(y * y) as sum_yy,
  sum(x * y) as sum_xy
from (
  select count(*) filter (where is_clicked) as x, count(*) as y
  from analytics.searches
  where project = $project and environment = $environment
    and searched_at >= $start and searched_at < $end
    and is_mature
  group by visitor_id
);

-- name: unit_statistics_search_ctr_by_has_quotes
-- Grain: one row per value of has_quotes; a visitor counts in each slice they searched in.
select
  dimension,
  count(*) as n,
  sum(x) as sum_x, sum(x * x) as sum_xx,
  sum(y) as sum_y, sum(y * y) as sum_yy,
  sum(x * y) as sum_xy
from (
  select
    has_quotes as dimension, count(*) filter (where is_clicked) as x, count(*) as y
  from analytics.searches
  where project = $project and environment = $environment
    and searched_at >= $start and searched_at < $end
    and is_mature
  group by visitor_id, has_quotes
)
group by dimension
order by dimension;

-- name: funnel_activation_funnel
-- Grain: one row per step. A step counts users who reached it and every step before it
-- within 7 x 24 h of sign-up; only users whose 7 days have passed.
with reached as (
  select
    count(*) as s1,
    count(*) filter (where first_step_completed_at < signed_up_at + interval 7 days) as s2,
    count(*) filter (
      where first_step_completed_at < signed_up_at + interval 7 days
        and source_connected_at < signed_up_at + interval 7 days
    ) as s3,
    count(*) filter (
      where first_step_completed_at < signed_up_at + interval 7 days
        and source_connected_at < signed_up_at + interval 7 days
        and activated_at < signed_up_at + interval 7 days
    ) as s4
  from analytics.activation_users
  where project = $project and environment = $environment
    and signed_up_at >= $start and signed_up_at < $end
    and is_mature_d7
)
select step, users, case when s1 > 0 then users / s1 end as conversion
from reached, lateral (values (1, s1), (2, s2), (3, s3), (4, s4)) as steps (step, users)
order by step;

-- name: retention_retention_by_cohort
-- Grain: one row per UTC day of sign-up and day number n.
with cohorts as (
  select
    date_trunc('day', signed_up_at) as cohort,
    count(*) as users,
    count(*) filter (where is_mature_retention_d1) as mature_1,
    count(*) filter (where is_mature_retention_d1 and is_retained_d1) as retained_1,
    count(*) filter (where is_mature_retention_d7) as mature_7,
    count(*) filter (where is_mature_retention_d7 and is_retained_d7) as retained_7
  from analytics.activation_users
  where project = $project and environment = $environment
    and signed_up_at >= $start and signed_up_at < $end
  group by all
)
select cohort, day, users, retained, mature
from cohorts, lateral (
  values (1, retained_1, mature_1), (7, retained_7, mature_7)
) as days (day, retained, mature)
order by cohort, day;

-- name: series_active_users
-- Grain: one row per week (Monday, UTC) with an active user.
select
  bucket,
  numerator as value,
  numerator,
  denominator,
  bucket >= $start
    and bucket + interval 7 days <= $end
    and coalesce(bucket + interval 7 days <= (
      select max(data_through) from analytics.data_hours
      where project = $project and environment = $environment
    ), false) as is_complete
from (
  select date_trunc('week', active_date::timestamp) as bucket, count(distinct user_id) as numerator, null as denominator
  from analytics.active_days
  where project = $project and environment = $environment
    and active_date >= $start and active_date < $end
  group by bucket
)
order by bucket;

-- name: series_error_count
-- Grain: one row per UTC day with an error. Reads a view, so all raw events.
select
  bucket,
  numerator as value,
  numerator,
  denominator,
  bucket >= $start
    and bucket + interval 1 day <= $end
    and coalesce(bucket + interval 1 day <= (
      select max(data_through) from analytics.data_hours
      where project = $project and environment = $environment
    ), false) as is_complete
from (
  select date_trunc('day', event_at) as bucket, count(*) as numerator, null as denominator
  from analytics.product_errors
  where project = $project and environment = $environment
    and event_at >= $start and event_at < $end
  group by bucket
)
order by bucket;
