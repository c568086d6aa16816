-- One row: what is in the slice, so that steps with nothing to do are left out.
-- The last column: is any key hash there twice?
select
    count(*),
    count(*) filter (not is_loadable),
    count(*) filter (is_loadable and kind = 'rejected'),
    count(*) filter (is_loadable and kind = 'event'),
    count(*) filter (is_loadable and kind = 'event' and business_key is not null),
    exists (
        select 1 from staged where is_loadable and kind = 'event'
        group by key_low having count(*) > 1
    )
from staged
