-- A demo project of 36 days (seeded: hash of the row number, no clock, no random function).
-- $now is the last instant. 42 % of 60 users a day are activated within a week.
create temp table people as
select
    i as n,
    'u-' || i as user_id,
    $now::timestamp - interval 36 days + interval (i * 864) second as signed_up_at,
    (hash(i, 'activated') % 1000) < 400 + 60 * (i % 7 = 2)::int as is_activated,
    (hash(i, 'delay') % 100) as delay_hours,
    ['web', 'api', 'mobile'][1 + (hash(i, 'source') % 3)::bigint] as source_id
from range(3601) as seq(i)
where i < 3600;

create temp table made as
select signed_up_at as event_at, 'user_signed_up' as name, * exclude (signed_up_at) from people
union all
select signed_up_at + interval (delay_hours) hour, 'user_activated', * exclude (signed_up_at)
from people
where is_activated and signed_up_at + interval (delay_hours) hour < $now::timestamp
union all
select signed_up_at + interval (s * 7 + n % 5) hour, 'search_performed',
    people.* exclude (signed_up_at)
from people, range(3) as searches(s)
where signed_up_at + interval (s * 7 + n % 5) hour < $now::timestamp
union all
select signed_up_at + interval 2 minute, 'onboarding_step_completed', * exclude (signed_up_at)
from people
where signed_up_at + interval 2 minute < $now::timestamp
union all
select $now::timestamp - interval (s * 2) second, 'page_viewed', people.* exclude (signed_up_at)
from people, range(600) as recent(s)
where n = 3000 + s % 500;

insert into raw.events
select
    row_number() over (order by event_at, n, name) + 9, 'demo', 'prod', source_id,
    'm-' || hash(n, name, event_at), hash(n, name, event_at), hash(name, n, event_at), 'track', name,
    user_id, null, strftime(event_at, '%Y-%m-%dT%H:%M:%SZ'), event_at, event_at,
    event_at + interval 1 second, 'server', case when event_at < $now::timestamp - interval 9 days
    then 1 else 2 end, true, event_at < $now::timestamp - interval 2 days, false,
    name = 'page_viewed' and n % 97 = 0, null,
    to_json({
        step_id: 'connect_source', plan: ['free', 'team', 'business'][1 + n % 3],
        latency_ms: hash(n) % 900, path: '/projects/' || n || '/settings'
    }), '{"library":{"name":"liftline-demo","version":"1"}}'
from made;

insert into raw.events
select
    i, 'demo', 'prod', 'ci', 'deploy-' || i, i, i, 'track', 'deployment', null, 'runner',
    null, $now::timestamp - interval (i * 9 + 4) day, $now::timestamp, $now::timestamp - interval
    (i * 9 + 4) day, 'ci', 2, true, false, false, false, null,
    to_json({
        service: 'web', commit_sha: md5('' || i), status: 'succeeded', target: 'prod'
    }), '{}'
from range(3) as seq(i);

insert into raw.quarantine
select
    2000000 + 240 - i, case when i % 9 = 4 then 'conflict' else 'rejected' end,
    case when i % 9 = 4 then 'warehouse.conflict' else
    ['events.missing_property', 'events.bad_timestamp', 'events.unknown_event'][1 + i % 3] end,
    case when i % 9 = 4 then 'the message id was used before, by record 71, with another body' else
    [
        'user_activated needs the property step_id', '"yesterday" is not an instant',
        'the plan has no event named signup_done'
    ][1 + i % 3] end,
    case when i % 9 = 4 then 'give each event its own message id, and retry an event unchanged' else
    [
        'send step_id, a string of at most 100 characters',
        'write the time as RFC 3339, such as 2026-03-01T12:00:00Z',
        'send user_signed_up, or add signup_done to the tracking plan'
    ][1 + i % 3] end,
    'demo', 'prod', ['web', 'api', 'mobile'][1 + i % 3], 'bad-' || i,
    ['user_activated', 'search_performed', 'signup_done'][1 + i % 3],
    to_base64(encode(to_json({
        messageId: 'bad-' || i, event: 'user_activated', userId: 'u-' || i,
        timestamp: 'yesterday', properties: {plan: 'team'}
    })::varchar)),
    $now::timestamp - interval (i * i * 40 + 5) second, 2, 1
from range(240) as seq(i);

insert into raw.ledger
select
    'demo', 'prod', source_id, minute, accepted + semantic + duplicate + conflict + rejected,
    accepted, duplicate, semantic, conflict, rejected, 0
from (
    select
        source_id, date_trunc('minute', received_at) as minute,
        count(*) filter (not is_semantic_duplicate) as accepted,
        count(*) filter (is_semantic_duplicate) as semantic,
        (hash(source_id, date_trunc('minute', received_at)) % 20 = 0)::int as duplicate,
        0 as conflict, 0 as rejected
    from raw.events
    where ordinal > 9
    group by all
    union all
    select
        source_id, date_trunc('minute', received_at), 0, 0, 0,
        count(*) filter (kind = 'conflict'), count(*) filter (kind = 'rejected')
    from raw.quarantine
    group by all
);

insert into raw.delays
select
    h, $now::timestamp - interval (h) hour, bound,
    case bound when 1 then 300 + (hash(h) % 90)::bigint when 2.5 then 200 when 5 then 30 + (hash(h, 1) % 20)::bigint
    else 2 + (h % 24 = 3)::int * 40 end
from range(48) as hours(h), (values (1), (2.5), (5), (10)) as bounds(bound)
where h >= 0;

create schema analytics;

create table analytics.data_hours as
select
    project, environment, date_trunc('hour', received_at) as hour_at, count(*) as events,
    max(received_at) as data_through, max(ordinal) as last_ordinal
from raw.events
group by all;

create table analytics.activation_users as
select
    'demo' as project, 'prod' as environment, user_id, signed_up_at,
    signed_up_at::date as signup_date,
    case when is_activated then signed_up_at + interval (delay_hours) hour end as activated_at,
    case when is_mature_d1 then is_activated and delay_hours < 24 end as is_activated_d1,
    case when is_mature_d7 then is_activated end as is_activated_d7,
    is_mature_d1, is_mature_d7, n as last_ordinal
from (
    select
        *, signed_up_at + interval 24 hour <= $now::timestamp as is_mature_d1,
        signed_up_at + interval 168 hour <= $now::timestamp as is_mature_d7
    from people
);

create table analytics.searches as
select
    'demo' as project, 'prod' as environment, message_id as search_id, user_id,
    user_id as visitor_id, event_at as searched_at, false as has_quotes, 9 as results_count,
    40.0 as latency_ms, hash(message_id, 'zero') % 100 < 6 as is_zero_result,
    false as is_typeahead, hash(message_id, 'click') % 100 < 31 as is_clicked, true as is_mature
from raw.events
where name = 'search_performed'
