-- Grain: one row per delay bucket of this load. 600 and 900 s are the plan's 10 and 15 min.
insert into raw.delays
select $load_id, $committed_at, upper_s, count(*)
from (
    select
        case
            when delay_s <= 0.25 then 0.25 when delay_s <= 0.5 then 0.5
            when delay_s <= 1 then 1 when delay_s <= 1.5 then 1.5 when delay_s <= 2 then 2
            when delay_s <= 3 then 3 when delay_s <= 5 then 5 when delay_s <= 7.5 then 7.5
            when delay_s <= 10 then 10 when delay_s <= 15 then 15 when delay_s <= 30 then 30
            when delay_s <= 60 then 60 when delay_s <= 120 then 120
            when delay_s <= 300 then 300 when delay_s <= 600 then 600
            when delay_s <= 900 then 900 when delay_s <= 1800 then 1800
            when delay_s <= 3600 then 3600 when delay_s <= 21600 then 21600
            when delay_s <= 86400 then 86400 else 'infinity'::double
        end as upper_s
    from (
        select date_diff('millisecond', received_at, $committed_at) / 1000.0 as delay_s
        from staged
        where is_loadable and kind = 'event' and not is_historical
            and staged.rowid not in (select line from repeats)
    )
)
group by upper_s
