"""Command line of the demo: `python -m liftline_demo --collector URL ...`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from liftline_demo.progress import AlreadyRunningError, BadProgressError, ProgressFile
from liftline_demo.run import OtherWorldError, Run, Surroundings, Wishes
from liftline_demo.send import Door, NoAnswerError, RefusedError
from liftline_demo.stop import Stop, StoppedError, ignore_the_grace, stop_on_signals
from liftline_demo.truth import GroundTruth

MAX_RATE_PER_S = 50.0
MAX_DAYS = 365


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until SIGTERM. Exit code 0 when stopped or done, 1 when it cannot go on."""
    options = _parser().parse_args(arguments)
    if options.truth:
        print_line(GroundTruth().as_json())
        return 0
    problem = _problem(options)
    if problem:
        return _fail(*problem)
    wishes = Wishes(
        seed=options.seed,
        days=options.days,
        rate_per_s=options.rate,
        is_history_only=options.history_only,
    )
    stop = Stop()
    stop_on_signals(stop)
    door = Door(
        options.collector,
        {"server": options.server_key, "public": options.public_key},
        stop,
    )
    try:
        with ProgressFile(options.state) as file:
            Run(
                wishes,
                Surroundings(door=door, file=file, stop=stop, now=_now, report=print_line),
            ).until_stopped()
    except StoppedError:
        return 0
    except KNOWN_ERRORS as error:
        return _fail(str(error), error.cure)
    finally:
        ignore_the_grace()
        door.close()
        stop.close()
    return 0


KNOWN_ERRORS = (
    AlreadyRunningError,
    BadProgressError,
    OtherWorldError,
    NoAnswerError,
    RefusedError,
)


def print_line(facts: dict[str, object]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="liftline_demo",
        description="Simulated traffic with a stated ground truth, sent to a Liftline collector.",
    )
    parser.add_argument("--collector", default="http://127.0.0.1:8401", help="the door's address")
    parser.add_argument("--server-key", default=os.environ.get("LIFTLINE_DEMO_SERVER_KEY", ""))
    parser.add_argument("--public-key", default=os.environ.get("LIFTLINE_DEMO_PUBLIC_KEY", ""))
    parser.add_argument("--state", type=Path, help="file that remembers how far the world was sent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=35, help="days of history on the first run")
    parser.add_argument("--rate", type=float, default=5.0, help="live events a second, about")
    parser.add_argument("--history-only", action="store_true", help="stop where live would begin")
    parser.add_argument("--truth", action="store_true", help="print the ground truth and stop")
    return parser


def _problem(options: argparse.Namespace) -> tuple[str, str] | None:
    if not options.server_key or not options.public_key:
        return (
            "two keys are needed",
            "give --server-key and --public-key, or LIFTLINE_DEMO_SERVER_KEY and "
            "LIFTLINE_DEMO_PUBLIC_KEY",
        )
    if options.state is None:
        return "a state file is needed", "give --state, such as liftline-data/demo/traffic.json"
    if not 0 < options.rate <= MAX_RATE_PER_S:
        return "the rate is out of range", f"give --rate above 0 and up to {MAX_RATE_PER_S:g}"
    if not 1 <= options.days <= MAX_DAYS:
        return "the days are out of range", f"give --days from 1 to {MAX_DAYS}"
    return None


def _fail(problem: str, cure: str) -> int:
    sys.stderr.write(msgspec.json.encode({"error": problem, "cure": cure}).decode() + "\n")
    return 1


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
