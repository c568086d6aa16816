"""Claim: exactly-once loading costs at most 1/0.6 of a plain insert at 5 M rows, 1/0.35 at 50 M.

Batches alternate between the loader and the reference (bench/reference/loader_plain_insert.py)
on the same table of the same file, already holding `--rows` events; medians are compared. The
1,000-event batches are reported beside (goals 60 ms and 300 ms). Usage:

    python bench/loader.py --rows 5000000 --check
    python bench/loader.py --rows 50000000 --check
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent))

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader
from liftline.core.clock import SystemClock
from liftline.data.events.contracts import EventRecord
from liftline.data.log.contracts import Frame, LogBatch
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.digests import digest
from liftline.data.warehouse.loader import Loader
from liftline.data.warehouse.store import Store
from reference.loader_plain_insert import plain_insert

BOUNDS = {5_000_000: 0.6, 50_000_000: 0.35}
SMALL = 1_000
NAMES = ("search_performed", "onboarding_step_completed", "page_view", "email_sent")
AT = datetime(2026, 1, 1, tzinfo=UTC)

FILL = """
insert into raw.events
select
    i, 'demo', 'prod', 'src_01', id, (k >> 64)::ubigint,
    (k & 18446744073709551615::uhugeint)::ubigint, 'track',
    ['search_performed', 'page_view', 'email_sent'][i % 3 + 1], 'u' || (i % 500000), null, null,
    timestamp '2025-01-01' + to_milliseconds(i), null, timestamp '2025-01-01' + to_milliseconds(i),
    'server', 1, true, false, false, false, null,
    '{"has_quotes":false,"latency_ms":' || (i % 900) || ',"query":"words ' || (i % 9000) || '"}',
    '{"library":{"name":"x","version":"1.0"}}'
from (
    select *, md5_number(raw.key_text('src_01', id)) as k
    from (select i, uuid()::varchar as id from range($from, $to) as t(i))
)
"""


def payload(count: int, seed: int) -> bytes:
    """NDJSON of new events, about 640 bytes each."""
    rng = random.Random(seed)
    encoder = msgspec.json.Encoder()
    lines = []
    for number in range(count):
        at = AT + timedelta(milliseconds=number)
        record = EventRecord(
            project="demo",
            environment="prod",
            source_id="src_01",
            message_id=str(uuid.UUID(int=rng.getrandbits(128))),
            type="track",
            name=rng.choice(NAMES),
            user_id=f"u{rng.randrange(500_000)}",
            anonymous_id=None,
            timestamp="2026-01-01T00:00:00Z",
            event_at=at,
            sent_at=at,
            received_at=at,
            sender="server",
            plan_version=1,
            is_planned=True,
            is_historical=False,
            id_minted=False,
            business_key=None,
            properties=msgspec.Raw(
                b'{"has_quotes":false,"latency_ms":%d,"query":"words %d","zero_result":false}'
                % (rng.randrange(900), rng.randrange(9000))
            ),
            context=msgspec.Raw(b'{"library":{"name":"x","version":"1.0"}}'),
        )
        lines.append(encoder.encode(record) + b"\n")
    return b"".join(lines)


def fill(store: Store, rows: int) -> None:
    """Events that are already there, a million at a time."""
    with store.cursor() as cursor:
        for start in range(0, rows, 1_000_000):
            cursor.execute(FILL, {"from": start, "to": min(rows, start + 1_000_000)})
        cursor.execute("update raw.load_offset set next_ordinal = $rows", {"rows": rows})
    store.checkpoint()


def slice_at(loader: Loader, content: bytes, count: int) -> LogBatch:
    """One frame right at the loader's offset."""
    offset = loader.offset()
    end = offset.position._replace(offset=offset.position.offset + len(content))
    frame = Frame(
        start=offset.position,
        end=end,
        first_ordinal=offset.next_ordinal,
        records=count,
        events=count,
    )
    return LogBatch(start=offset.position, end=end, payload=content, frames=(frame,))


def measure(store: Store, loader: Loader, count: int, rounds: int) -> tuple[float, float]:
    """Median seconds of the loader and of the reference, in turns."""
    loads, plains = [], []
    cursor = store.cursor()
    for number in range(rounds + 1):
        content = payload(count, seed=count + 2 * number)
        started = time.perf_counter()
        loader.load(slice_at(loader, content, count))
        loads.append(time.perf_counter() - started)
        content = payload(count, seed=count + 2 * number + 1)
        first = loader.offset().next_ordinal
        started = time.perf_counter()
        plain_insert(cursor, content, first, store.spool)
        plains.append(time.perf_counter() - started)
        cursor.execute("update raw.load_offset set next_ordinal = next_ordinal + $n", {"n": count})
    cursor.close()
    return statistics.median(loads[1:]), statistics.median(plains[1:])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--batch", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path, default=None)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    rows, batch = arguments.rows, arguments.batch
    rounds, small = arguments.rounds, SMALL
    if arguments.smoke:
        rows, batch, rounds, small = 2_000, 500, 2, 50
    with tempfile.TemporaryDirectory(dir=arguments.directory) as folder:
        root = Path(folder)
        config = WarehouseConfig(
            directory=root, control_directory=root, socket_path=root / "s", logs_directory=root
        )
        store = Store(config.database_path, config)
        loader = Loader(store, MemoryLogReader(MemoryLog()), SystemClock())
        fill(store, rows)
        small_s, small_plain_s = measure(store, loader, small, rounds * 3)
        load_s, plain_s = measure(store, loader, batch, rounds)
        size_bytes = store.size_bytes()
        with store.cursor() as cursor:
            result = str(digest(cursor, "raw.ledger"))
        loader.close()
        store.close()
    ratio = plain_s / load_s
    bound = BOUNDS.get(rows)
    print(
        json.dumps(
            {
                "bench": "loader",
                "value": round(batch / load_s),
                "unit": "events/s",
                "reference": round(batch / plain_s),
                "ratio": round(ratio, 3),
                "bound": bound,
                "rows": rows,
                "batch": batch,
                "batch_ms": round(load_s * 1e3, 1),
                "small_batch": small,
                "small_batch_ms": round(small_s * 1e3, 1),
                "small_reference_ms": round(small_plain_s * 1e3, 1),
                "file_bytes": size_bytes,
                "result_hash": hashlib.sha256(result.encode()).hexdigest()[:16],
            }
        )
    )
    return 1 if arguments.check and bound is not None and ratio < bound else 0


if __name__ == "__main__":
    sys.exit(main())
