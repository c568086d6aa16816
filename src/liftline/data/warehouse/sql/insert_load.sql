-- Grain: one row per load.
insert into raw.loads
values (
    $load_id, $from_position, $to_position, $committed_at, $records, $received, $accepted,
    $duplicate, $semantic_duplicate, $conflict, $rejected, $erased, $wall_s, $cpu_s
)
