-- The shape of find_semantic_repeats.sql, for a slice without business keys.
create or replace temp table keyed (
    line bigint, project varchar, environment varchar, name varchar, business_key varchar,
    is_repeat boolean
)
