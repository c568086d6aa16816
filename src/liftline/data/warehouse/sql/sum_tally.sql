-- One row: what became of the slice's events.
select
    coalesce(sum(received), 0)::bigint, coalesce(sum(accepted), 0)::bigint,
    coalesce(sum(duplicate), 0)::bigint, coalesce(sum(semantic_duplicate), 0)::bigint,
    coalesce(sum(conflict), 0)::bigint, coalesce(sum(rejected), 0)::bigint,
    coalesce(sum(erased), 0)::bigint
from tally
