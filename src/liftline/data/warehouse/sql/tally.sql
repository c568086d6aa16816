-- Grain: one row per project, environment, source and received minute of the slice.
create or replace temp table tally as
with disposed as (
    select
        project, environment, source_id, received_at,
        case
            when kind = 'rejected' then 'rejected'
            when repeats.verdict is not null then repeats.verdict
            when keyed.is_repeat then 'semantic_duplicate'
            else 'accepted'
        end as disposition,
        case when kind = 'rejected' then coalesce(events, 1) else 1 end as events
    from (select rowid as line, * from staged where is_loadable) as staged
    left join repeats on repeats.line = staged.line
    left join (select line, is_repeat from keyed) as keyed on keyed.line = staged.line
    union all
    select project, environment, source_id, received_at, 'rejected', events
    from raw.quarantine
    where kind = 'load_failure' and ordinal >= $first_ordinal
)

select
    project, environment, source_id, date_trunc('minute', received_at) as received_minute,
    sum(events)::bigint as received,
    coalesce(sum(events) filter (disposition = 'accepted'), 0)::bigint as accepted,
    coalesce(sum(events) filter (disposition = 'duplicate'), 0)::bigint as duplicate,
    coalesce(sum(events) filter (disposition = 'semantic_duplicate'), 0)::bigint
        as semantic_duplicate,
    coalesce(sum(events) filter (disposition = 'conflict'), 0)::bigint as conflict,
    coalesce(sum(events) filter (disposition = 'rejected'), 0)::bigint as rejected,
    0::bigint as erased
from disposed
group by all
