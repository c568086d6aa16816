"""What the wheel carries beside the Python code: the built UI, the tracking plan, the lock.

An editable install reads the tree and needs none of it. A missing UI is built when npm is
there; otherwise the build stops and says how to get it, rather than shipping no pages.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = "liftline/shipped"


class ShipTheRest(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ui/dist, tracking/ and the lock to the wheel under liftline/shipped."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        pages = root / "ui" / "dist"
        if not (pages / "index.html").is_file():
            build_pages(root)
        build_data["force_include"].update(
            {
                str(pages): f"{SHIPPED}/ui",
                str(root / "tracking"): f"{SHIPPED}/tracking",
                str(root / "requirements/lock.txt"): f"{SHIPPED}/requirements/lock.txt",
            }
        )


def build_pages(root: Path) -> None:
    """Build ui/dist with the npm that is there. Raises RuntimeError with the cure."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("ui/dist is missing and there is no npm. Cure: run `make ui` first.")
    for step in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([npm, *step], cwd=root / "ui", check=True)
    if not (root / "ui/dist/index.html").is_file():
        raise RuntimeError("the UI build made no ui/dist/index.html. Cure: look at ui/package.json")
