"""What must not stand in the project: one machine's paths, download addresses, loose ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Written in pieces so that this file passes its own rule.
_PLACES = re.compile(r"(?<![\w.])/(?:wor" r"k|hom" r"e|Use" r"rs|roo" r"t|opt/pyp" r"i)/[\w.-]")
_DOWNLOADS = re.compile(r"https?://[^\s\"'<>)]+\.(?:whl|tgz|tar\.gz|tar\.bz2|deb|zip)\b")
_LATER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_ADDRESS = re.compile(
    r"https?://|file://|--(?:extra-)?index-url|--find-links|^\s*-[if] ", re.MULTILINE
)


def text_faults(text: str) -> Iterator[str]:
    """Paths of one machine, download addresses, conflict marks, notes to do it later."""
    for pattern, what in (
        (_PLACES, "a path of one machine"),
        (_DOWNLOADS, "a download address"),
        (_LATER, "left for later without an issue"),
        (_CONFLICT, "an unresolved conflict"),
    ):
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"line {line}: {what}: {found.group().strip()!r}"


def lock_faults(text: str) -> Iterator[str]:
    """A Python lock names no index; each package is pinned and hashed."""
    for found in _ADDRESS.finditer(text):
        yield f"line {text.count(chr(10), 0, found.start()) + 1}: names an address"
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.startswith("#"):
            name = line.split()[0]
            if "==" not in name:
                yield f"{name}: not pinned"
            if "--hash=sha256:" not in line:
                yield f"{name}: no hash"


def npm_lock_faults(text: str) -> Iterator[str]:
    """An npm lock has integrity hashes and no download addresses."""
    if '"resolved"' in text:
        yield f"{text.count(chr(34) + 'resolved' + chr(34))} download addresses"
    if '"integrity"' not in text:
        yield "no integrity hashes"
