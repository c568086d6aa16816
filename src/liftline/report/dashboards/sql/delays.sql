-- Grain: one row per time bucket and delay bucket; all projects load together. upper_s is the
-- bound events of the row stayed under.
select date_trunc($grain, committed_at) as bucket, upper_s, sum(events)::bigint
from raw.delays
where committed_at >= $start and committed_at < $end
group by bucket, upper_s
order by bucket, upper_s
