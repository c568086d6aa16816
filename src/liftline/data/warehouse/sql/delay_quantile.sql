-- One row: the bucket bound that $quantile of the events since $since stayed under, and how
-- many events there were. Null when there were none.
with buckets as (
    select upper_s, sum(events) as events
    from raw.delays
    where committed_at >= $since
    group by upper_s
),

running as (
    select upper_s, sum(events) over (order by upper_s) as events_up_to, sum(events) over () as total
    from buckets
)

select min(upper_s) filter (events_up_to >= $quantile * total), coalesce(max(total), 0)::bigint
from running
