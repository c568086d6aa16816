"""`liftline up` and `liftline demo`: from settings to running processes and their addresses."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from liftline.app.paths import Layout
from liftline.app.ports import reached_at, why_not_bindable
from liftline.app.settings import (
    Settings,
    SettingsError,
    secrets_for_child,
    settings_to_json,
    without_secrets,
)
from liftline.app.supervisor import ChildSpec, Supervisor, only_one
from liftline.core.clock import SystemClock
from liftline.core.errors import ConflictError

LOGIN_LINK = "login-link"
DEMO_KEYS = "demo-keys.json"
DEMO_FLAG = "LIFTLINE_DEMO_PROJECT"


class PortTakenError(ConflictError):
    """Something else listens where Liftline should."""

    code = "app.port_taken"


def start(settings: Settings, *, with_demo: bool) -> None:
    """Run until a signal; prints the addresses and the first login link when ready."""
    layout = Layout(settings.data_dir.absolute())
    settings = settings.model_copy(update={"data_dir": layout.root})
    try:
        layout.make()
        (layout.run / "lock").touch()
    except OSError as error:
        raise SettingsError(
            f"{layout.root} cannot be written: {error.strerror}",
            cure="choose another directory with --data, or mend its permissions",
        ) from error
    with only_one(layout):
        _run(settings, layout, with_demo=with_demo)


def _run(settings: Settings, layout: Layout, *, with_demo: bool) -> None:
    config = layout.run / "settings.json"
    config.write_bytes(settings_to_json(settings))
    for name in (LOGIN_LINK, DEMO_KEYS):
        (layout.run / name).unlink(missing_ok=True)
    _require_free_ports(settings)
    _tell(f"Liftline starts on {layout.root}")

    def ready(seconds: float) -> None:
        _announce(settings, layout, seconds, with_demo=with_demo)

    supervisor = Supervisor(
        layout, _children(settings, layout, config, with_demo=with_demo), SystemClock(), ready
    )
    asyncio.run(supervisor.run())
    _tell("Liftline has stopped.")


def _require_free_ports(settings: Settings) -> None:
    for process, number in (("app", settings.app_port), ("collector", settings.collector_port)):
        problem = why_not_bindable(settings.host, number)
        if problem:
            raise PortTakenError(
                f"port {number} of {settings.host}: {problem}",
                cure=f"stop what listens there (`ss -ltnp 'sport = :{number}'`), or choose "
                f"another with --port-base or LIFTLINE_{process.upper()}_PORT",
            )


def _children(
    settings: Settings, layout: Layout, config: Path, *, with_demo: bool
) -> tuple[ChildSpec, ...]:
    def command(name: str) -> tuple[str, ...]:
        supervisor = str(os.getpid())
        return (sys.executable, "-m", "liftline.app.processes", name, str(config), supervisor)

    def plain_environment() -> Mapping[str, str]:
        return without_secrets(os.environ)

    def app_environment() -> Mapping[str, str]:
        flag = {DEMO_FLAG: "1" if with_demo else "0"}
        return {**plain_environment(), **secrets_for_child(settings), **flag}

    def demo_environment() -> Mapping[str, str]:
        keys = json.loads((layout.run / DEMO_KEYS).read_text("utf-8"))
        return {
            **plain_environment(),
            "LIFTLINE_DEMO_SERVER_KEY": keys["server"],
            "LIFTLINE_DEMO_PUBLIC_KEY": keys["public"],
        }

    children = [
        ChildSpec(
            name="app",
            command=command("app"),
            probe=(reached_at(settings.host), settings.app_port),
            environment=app_environment,
        ),
        ChildSpec(
            name="collector",
            command=command("collector"),
            probe=(reached_at(settings.host), settings.collector_port),
            environment=plain_environment,
        ),
        ChildSpec(
            name="warehouse",
            command=command("warehouse"),
            probe=layout.warehouse_socket,
            environment=plain_environment,
        ),
    ]
    if with_demo:
        children.append(
            ChildSpec(
                name="demo",
                command=command("demo"),
                probe=None,
                after=("app", "collector", "warehouse"),
                environment=demo_environment,
            )
        )
    return tuple(children)


def _announce(settings: Settings, layout: Layout, seconds: float, *, with_demo: bool) -> None:
    lines = [
        f"Ready in {seconds:.1f} s.",
        f"  pages   {settings.url}",
        f"  events  {settings.collector_address}/v1/events",
    ]
    link = layout.run / LOGIN_LINK
    if link.exists():
        lines.append(f"  log in  {link.read_text('utf-8').strip()}   (once; sets your password)")
    else:
        lines.append(f"  log in  {settings.url}/login")
    if with_demo:
        lines.append("  demo    simulated traffic flows into project `demo`, environment dev")
    lines.append("Stop with Ctrl-C." if os.isatty(0) else "Stop with SIGTERM.")
    _tell("\n".join(lines))


def _tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what the person who started it reads
