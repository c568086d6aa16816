"""IG-250, duplicate activation events: exactly once by idempotency key, through real processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.running import Liftline, eventually

pytestmark = pytest.mark.slow

AT = "2026-11-20T10:00:00Z"


def activated(user: str, message_id: str, **extra: object) -> dict[str, object]:
    return {
        "event": "user_activated",
        "message_id": message_id,
        "user_id": user,
        "timestamp": AT,
        "properties": {"user_id": user, **extra},
    }


@pytest.fixture(scope="module")
def liftline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liftline]:
    with Liftline(tmp_path_factory.mktemp("ig250") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def key(liftline: Liftline) -> str:
    return liftline.key()


def accepted(liftline: Liftline, user: str) -> list[tuple[str, bool]]:
    return liftline.query(
        "select message_id, is_semantic_duplicate from raw.events"
        " where name = 'user_activated' and user_id = $user order by ordinal",
        user=user,
    )


def test_the_same_idempotency_key_counts_once_however_often_it_is_sent(
    liftline: Liftline, key: str
) -> None:
    event = activated("u-retry", "retry-1")
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: liftline.send(key, event, event), range(20)))
    assert all(receipt["accepted"] == 2 for receipt in receipts), "a retry is not an error"
    liftline.wait_loaded(max(receipt["position"] for receipt in receipts))
    assert accepted(liftline, "u-retry") == [("retry-1", False)]


def test_a_second_activation_of_a_user_is_kept_aside_by_the_business_key(
    liftline: Liftline, key: str
) -> None:
    first = liftline.send(key, activated("u-twice", "first"))
    second = liftline.send(key, activated("u-twice", "second"))
    liftline.wait_loaded(max(first["position"], second["position"]))
    assert accepted(liftline, "u-twice") == [("first", False), ("second", True)]


def test_the_same_key_with_another_body_is_quarantined_not_overwritten(
    liftline: Liftline, key: str
) -> None:
    liftline.send(key, activated("u-one", "clash"))
    receipt = liftline.send(key, activated("u-other", "clash"))
    liftline.wait_loaded(receipt["position"])
    assert accepted(liftline, "u-one") == [("clash", False)]
    assert accepted(liftline, "u-other") == []
    (count,) = liftline.query(
        "select count(*) from raw.quarantine where kind = 'conflict' and message_id = 'clash'"
    )[0]
    assert count == 1


def test_the_ledger_balances_and_says_where_everything_went(liftline: Liftline, key: str) -> None:
    before = _ledger(liftline)
    event = activated("u-ledger", "l-1")
    broken = {"event": "user_activated", "message_id": "l-2", "properties": {"user_id": 7}}
    receipt = liftline.send(key, event, event, activated("u-ledger", "l-3"), broken)
    assert receipt["accepted"] == 3
    assert [rejection["index"] for rejection in receipt["rejected"]] == [3]
    assert all(receipt["rejected"][0][word] for word in ("code", "message", "cure"))
    liftline.wait_loaded(receipt["position"])
    after = _ledger(liftline)
    change = {name: after[name] - before[name] for name in after}
    assert change == {
        "received": 4, "accepted": 1, "duplicate": 1, "semantic_duplicate": 1,
        "conflict": 0, "rejected": 1, "erased": 0,
    }  # fmt: skip


def test_no_acknowledged_event_is_lost_or_doubled_by_kill_9_of_any_process(
    liftline: Liftline, key: str
) -> None:
    users = [f"u-kill-{number}" for number in range(60)]
    for number, user in enumerate(users):
        if number % 10 == 5:
            victim = ("collector", "warehouse", "app")[number // 10 % 3]
            liftline.kill(victim)
        receipt = _send_until_acknowledged(liftline, key, activated(user, f"kill-{user}"))
    eventually(liftline.is_ready, "every process is back", 60)
    liftline.wait_loaded(receipt["position"], 60)
    rows = liftline.query(
        "select user_id, count(*) from raw.events where user_id like 'u-kill-%' group by 1"
    )
    assert sorted(rows) == sorted((user, 1) for user in users)
    assert sum(record.restarts for record in liftline.processes().values()) >= 6


def test_a_rebuilt_warehouse_is_the_same(liftline: Liftline) -> None:
    done = liftline.command("warehouse", "rebuild", "--verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same" in done.stdout.lower()


def _ledger(liftline: Liftline) -> dict[str, int]:
    names = ("received", "accepted", "duplicate", "semantic_duplicate", "conflict", "rejected",
             "erased")  # fmt: skip
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
    row = liftline.query(f"select {sums} from raw.ledger where project = 'shop'")[0]
    found = dict(zip(names, (int(value) for value in row), strict=True))
    assert found["received"] == sum(found.values()) - found["received"], "the ledger balances"
    return found


def _send_until_acknowledged(
    liftline: Liftline, key: str, event: dict[str, object]
) -> dict[str, object]:
    receipts: list[dict[str, object]] = []

    def is_acknowledged() -> bool:
        try:
            receipts.append(liftline.send(key, event))
        except (AssertionError, OSError) as error:
            assert "401" not in str(error)
            return False
        except Exception as error:  # noqa: BLE001 - httpx's many transport errors mean: again
            assert type(error).__module__.startswith("httpx")
            return False
        return True

    eventually(is_acknowledged, "acknowledged", 60)
    return receipts[-1]
