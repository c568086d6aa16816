-- One row: where loading stands.
select epoch, sequence, "offset", next_ordinal, records, received, as_of, log_id, schema_version
from raw.load_offset
