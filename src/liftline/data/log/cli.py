"""`liftline log`: look after the log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from cyclopts import App

from liftline.core.errors import NotFoundError
from liftline.core.units import size_text
from liftline.data.log.check import check_log

EXIT_DAMAGED: Final = 1

app = App(name="log", help="Look after the log: verify every frame of it.")


class NoLogError(NotFoundError):
    """There is no log."""

    code = "log.absent"
    default_cure = "name the directory of the log, such as liftline-data/log"


@app.command
def check(directory: Path = Path("liftline-data/log")) -> None:
    """Verify every frame and seal; exit code 1 and the first damage when one does not hold.

    Safe while the collector runs: its segment is judged up to the durable position.

    Parameters
    ----------
    directory
        The log's directory.
    """
    if not directory.is_dir():
        raise NoLogError(f"{directory} is not a directory")
    segments = records = events = size_bytes = 0
    first_damage = ""
    for walk, damage in check_log(directory):
        segments += 1
        records += walk.records
        events += walk.events
        size_bytes += walk.valid_bytes
        state = "sealed" if walk.seal else "open"
        verdict = f"DAMAGED at byte {walk.valid_bytes}: {damage}" if damage else state
        counts = f"{walk.frames:>8} frames  {walk.records:>9} records"
        _say(f"{walk.name.file_name}  {counts}  {verdict}")
        if damage and not first_damage:
            first_damage = f"{walk.name.file_name} at byte {walk.valid_bytes}: {damage}"
    _say(f"{segments} segments, {records} records, {events} events, {size_text(size_bytes)}")
    if first_damage:
        _say(f"first damage: {first_damage}", is_error=True)
        _say("restore that segment from a backup; see docs/runbooks/log.md", is_error=True)
        sys.exit(EXIT_DAMAGED)


def _say(line: str, *, is_error: bool = False) -> None:
    (sys.stderr if is_error else sys.stdout).write(line + "\n")
