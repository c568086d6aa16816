-- Grain: one row per accepted event after $after, newest first. Without a name, all names.
select
    ordinal, received_at, event_at, type, name, source_id, sender, user_id, anonymous_id,
    message_id, is_planned, is_historical, is_semantic_duplicate, left(properties::varchar, 160)
from raw.events
where project = $project and environment = $environment and ordinal > $after
    and ($name is null or name = $name)
order by ordinal desc
limit $limit
