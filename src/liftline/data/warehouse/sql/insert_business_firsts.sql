-- Grain: one row per business key seen for the first time.
insert into raw.business_firsts
select project, environment, name, business_key, $first_ordinal + line
from keyed
where not is_repeat
