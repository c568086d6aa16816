-- Grain: one row per record set aside after $after, newest first. The text of `raw` is cut at
-- $raw_base64_max characters, a multiple of four.
select
    ordinal, kind, received_at, code, message, cure, name, source_id, message_id, events,
    left(raw, $raw_base64_max)
from raw.quarantine
where project = $project and environment = $environment and ordinal > $after
    and ($name is null or name = $name)
order by ordinal desc
limit $limit
