-- One row: the first and the last load of the range; nulls when there was none.
select min(committed_at), max(committed_at)
from raw.delays
where committed_at >= $start and committed_at < $end
