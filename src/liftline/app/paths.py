"""Where things lie: the data directory's layout, and what ships with the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import liftline

PRIVATE_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Layout:
    """The data directory. Each folder has one owner (ARCHITECTURE.md, processes)."""

    root: Path

    @property
    def control(self) -> Path:
        return self.root / "control"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def warehouse_socket(self) -> Path:
        return self.run / "warehouse.sock"

    @property
    def processes_file(self) -> Path:
        return self.run / "processes.json"

    def make(self) -> None:
        """Create the folders, readable by this user alone. Idempotent."""
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE_MODE)
        for folder in (
            self.control, self.log, self.warehouse, self.state, self.secrets, self.run, self.logs,
        ):  # fmt: skip
            folder.mkdir(exist_ok=True, mode=PRIVATE_MODE)


def shipped(name: str) -> Path:
    """A folder or file that ships with Liftline: from the wheel, else from the checkout.

    `name` is a path as in the checkout, such as `tracking` or `ui/dist`. It may not exist
    (the pages of a checkout are built by `make ui`).
    """
    package = Path(liftline.__file__).parent
    in_wheel = package / "shipped" / {"ui/dist": "ui"}.get(name, name)
    return in_wheel if in_wheel.exists() else package.parent.parent / name
