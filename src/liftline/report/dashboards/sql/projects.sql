-- Grain: one row per project and environment that ever sent something.
select project, environment from raw.ledger group by project, environment order by all
