"""A plan as it was at a git revision, for `liftline tracking diff`."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from liftline.core.errors import NotFoundError
from liftline.data.events.plan import MAX_EVENTS

GIT_TIMEOUT_S: Final = 20


class NoSuchRevisionError(NotFoundError):
    """That is neither a directory nor a git revision of the plan."""

    code = "events.no_such_revision"
    default_cure = "give a directory, or a branch, tag or commit of the repository with the plan"


@contextmanager
def plan_at(where: str, directory: Path) -> Iterator[Path]:
    """The plan's directory: `where` itself when it is one, else `directory` as of revision `where`.

    The revision is read into a temporary directory; the work tree is not touched. Raises
    NoSuchRevisionError.
    """
    if Path(where).is_dir():
        yield Path(where)
        return
    with tempfile.TemporaryDirectory(prefix="liftline-plan-") as folder:
        target = Path(folder)
        for name in _files_at(where, directory)[:MAX_EVENTS]:
            (target / name).write_bytes(_git(directory, "show", f"{where}:./{name}"))
        yield target


def _files_at(revision: str, directory: Path) -> list[str]:
    if revision.startswith("-"):
        raise NoSuchRevisionError(f"{revision!r} is neither a directory nor a git revision")
    # --full-tree: the tree named is the directory's already, git must not look below it again
    listed = _git(directory, "ls-tree", "-z", "--full-tree", "--name-only", f"{revision}:./")
    names = listed.decode().split("\0")
    plan = [name for name in names if name.endswith((".yml", ".yaml"))]
    if not plan:
        raise NoSuchRevisionError(f"{directory} has no event in revision {revision}")
    return plan


def _git(directory: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSuchRevisionError(f"git could not be asked: {error}") from None
    if done.returncode != 0:
        raise NoSuchRevisionError(done.stderr.decode(errors="replace").strip()[:300])
    return done.stdout
