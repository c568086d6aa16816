-- The shape of find_repeats.sql, for a slice without any.
create or replace temp table repeats (line bigint, verdict varchar, first_ordinal bigint)
