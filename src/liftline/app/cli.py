"""The command line. Rooms bring their own words; this file brings up, demo, config, doctor.

Everything heavy is imported inside the commands, so that help answers at once.
"""

# ruff: noqa: PLC0415, T201 - lazy imports and a command line that prints

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import liftline
from liftline.app.exits import exit_code
from liftline.app.rooms import load_rooms
from liftline.core.errors import LiftlineError

Data = Annotated[Path | None, Parameter(name="--data", help="Data directory.")]
Config = Annotated[Path | None, Parameter(name="--config", help="Settings file (TOML).")]
PortBase = Annotated[
    int | None,
    Parameter(name="--port-base", help="Listen on N (pages), N+1 (events) instead of 8400, 8401."),
]

app = App(
    name="liftline",
    version=liftline.__version__,
    help_format="plaintext",
    help="Takes a change from commit to proven value. Start with `liftline demo`.",
)
config_app = App(name="config", help="Settings: check them, and see where each came from.")
app.command(config_app)


@app.command
def up(*, data: Data = None, config: Config = None, port_base: PortBase = None) -> None:
    """Start Liftline and stay in the foreground; Ctrl-C drains and stops it."""
    from liftline.app.start import start

    start(_settings(config, data, port_base), with_demo=False)


@app.command
def demo(*, data: Data = None, config: Config = None, port_base: PortBase = None) -> None:
    """Start Liftline with simulated traffic in project `demo`, to look around."""
    from liftline.app.start import start

    start(_settings(config, data, port_base), with_demo=True)


@app.command
def doctor(
    *, data: Data = None, config: Config = None, port_base: PortBase = None, json: bool = False
) -> None:
    """Check ports, disk, clock, SQLite, permissions and dbt, each with its cure."""
    from liftline.app.doctor import examine

    sys.exit(examine(_settings(config, data, port_base), as_json=json))


@config_app.command
def check(*, data: Data = None, config: Config = None, json: bool = False) -> None:
    """Print every setting, its value, and where the value came from."""
    import msgspec

    from liftline.app.settings import load_settings

    loaded = load_settings(config, overrides={"data_dir": data})
    if json:
        print(msgspec.json.encode(loaded.origins).decode())
        return
    width = max(len(origin.name) for origin in loaded.origins)
    value_width = max(len(origin.value) for origin in loaded.origins)
    for origin in loaded.origins:
        print(f"{origin.name:<{width}}  {origin.value:<{value_width}}  {origin.source}")


def _settings(config: Path | None, data: Path | None, port_base: int | None):  # type: ignore[no-untyped-def]  # keeps pydantic out of help
    from liftline.app.settings import load_settings

    overrides = {
        "data_dir": data,
        "app_port": port_base,
        "collector_port": None if port_base is None else port_base + 1,
    }
    return load_settings(config, overrides=overrides).settings


def connect_rooms() -> None:
    """Tell the tracking room where the plan lies and how the running app is reached."""
    from liftline.data.events.contracts import PLAN_APPLIER, PLAN_DIRECTORIES

    def applier():  # type: ignore[no-untyped-def]  # keeps httpx out of help
        from liftline.app.remote import RemotePlanApplier

        return RemotePlanApplier(_settings(None, None, None).data_dir)

    def directories():  # type: ignore[no-untyped-def]  # keeps pydantic out of help
        from liftline.app.plan import plan_directories

        return plan_directories(_settings(None, None, None).plan_dir)

    PLAN_APPLIER.set(applier)
    PLAN_DIRECTORIES.set(directories)


def register_rooms() -> None:
    """Hang every room's commands below the root, to be imported when they are called."""
    for room in load_rooms():
        for word, command in room.commands.items():
            app.command(command.run, name=word, help=command.help)


def main() -> None:
    """Run the command line; a known failure is one line with its code and cure."""
    register_rooms()
    connect_rooms()
    try:
        app()
    except LiftlineError as error:
        print(f"liftline: {error.message} [{error.code}]", file=sys.stderr)
        if error.cure:
            print(f"  cure: {error.cure}", file=sys.stderr)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        sys.exit(0)  # the reader of our output went away, as with `| head`


if __name__ == "__main__":
    main()
