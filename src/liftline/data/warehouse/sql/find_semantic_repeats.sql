-- Grain: one row per new event with a business key. is_repeat: the key was seen before, in an
-- earlier load or an earlier line. Only the first in log order counts.
create or replace temp table keyed as
select
    staged.rowid as line,
    staged.project,
    staged.environment,
    staged.name,
    staged.business_key,
    firsts.ordinal is not null
        or row_number() over (
            partition by staged.project, staged.environment, staged.name, staged.business_key
            order by staged.rowid
        ) > 1 as is_repeat
from staged
left join raw.business_firsts as firsts
    on firsts.project = staged.project
    and firsts.environment = staged.environment
    and firsts.name = staged.name
    and firsts.business_key = staged.business_key
where staged.is_loadable
    and staged.kind = 'event'
    and staged.business_key is not null
    and staged.rowid not in (select line from repeats)
