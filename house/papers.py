"""Papers that do not lie: commands that exist, words that mean one thing, a changelog in form."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from house.tree import ROOT

_FENCE = re.compile(r"^```(?:sh|bash|console|shell)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:make|liftline) [^`\n]+)`")
_SECTIONS = {
    *("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Safety", "Numbers"),
}


def commands(page: str) -> list[list[str]]:
    """Each `make ...` and `liftline ...` that a page's blocks tell its reader to type, as words."""
    return _programs([line for block in _FENCE.findall(page) for line in _joined(block)])


def mentions(page: str) -> list[list[str]]:
    """The same in running text, where arguments may be left out."""
    return _programs(_INLINE.findall(page))


def _programs(lines: list[str]) -> list[list[str]]:
    found = [_words(line) for line in lines]
    return [words for words in found if words and words[0] in ("make", "liftline")]


def _joined(block: str) -> list[str]:
    return [line.strip().removeprefix("$ ") for line in block.replace("\\\n", " ").splitlines()]


def _words(line: str) -> list[str]:
    """Up to the first pipe, redirection or comment; the program by its bare name."""
    if not re.match(r"(\S*/)?(make|liftline)\b", line):
        return []
    plain = re.split(r"\s[|&>;#]|\s2>", line, maxsplit=1)[0]
    words = shlex.split(plain)
    return [Path(words[0]).name, *words[1:]]


def make_targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def make_faults(words: list[str], targets: set[str]) -> Iterator[str]:
    for word in words[1:]:
        if "=" not in word and not word.startswith("-") and word not in targets:
            yield f"`{' '.join(words)}`: the Makefile has no target {word}"


# --- glossary ---------------------------------------------------------------------------


def glossary(page: str) -> list[tuple[str, str, list[str]]]:
    """Rows of word, meaning, and the words not to be used for it."""
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (.+?) \|(.*?)\|$", page, re.MULTILINE)
    return [(word, meaning, re.findall(r"`(\w+)`", instead)) for word, meaning, instead in rows]


def glossary_faults(page: str) -> Iterator[str]:
    words = [word for word, _, _ in glossary(page)]
    if not words:
        yield "the glossary is empty"
    yield from (
        f"{word} is explained twice" for word in sorted(set(words)) if words.count(word) > 1
    )
    if words != sorted(words, key=str.lower):
        yield "the words are not in order"
    banned = {other for _, _, instead in glossary(page) for other in instead}
    yield from (f"{word} is both a word and not one" for word in sorted(banned & set(words)))


def word_faults(tree: ast.Module, banned: Iterable[str]) -> Iterator[str]:
    """Names in code that use a word the glossary refuses."""
    refused = set(banned)
    for node in ast.walk(tree):
        name = _defined_name(node)
        for part in re.findall(r"[a-z]+|[A-Z][a-z]*", name):
            if part.lower() in refused:
                yield f"{name}: the glossary refuses `{part.lower()}`"


def _defined_name(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return ""


# --- changelog --------------------------------------------------------------------------


def changelog_faults(page: str, root: Path = ROOT) -> Iterator[str]:
    """Keep a Changelog's form; each number names the benchmark that measured it."""
    if not page.startswith("# Changelog\n"):
        yield "does not begin with `# Changelog`"
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    if not headings or headings[0] != "[Unreleased]":
        yield "its first part is not [Unreleased]"
    for heading in headings[1:]:
        if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading):
            yield f"{heading!r} is not `[x.y.z] - yyyy-mm-dd`"
    for section in re.findall(r"^### (.+)$", page, re.MULTILINE):
        if section not in _SECTIONS:
            yield f"{section!r} is none of {', '.join(sorted(_SECTIONS))}"
    for numbers in re.findall(r"^### Numbers\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL):
        for line in re.findall(r"^- (?:.|\n(?!- |\n))+", numbers, re.MULTILINE):
            named = re.search(r"`(bench/\w+\.py)`", line)
            if named is None:
                yield f"a number without its benchmark: {line.splitlines()[0]}"
            elif not (root / named[1]).is_file():
                yield f"{named[1]} does not exist"


# --- dependencies -----------------------------------------------------------------------


def dependencies(pyproject: str, *requirement_files: str) -> list[str]:
    """The bare names of what the project asks for by itself."""
    asked: list[str] = list(tomllib.loads(pyproject)["project"]["dependencies"])
    for text in requirement_files:
        asked += [line for line in text.splitlines() if line and not line.startswith("#")]
    return sorted({re.split(r"[<>=;\[ ]", line, maxsplit=1)[0] for line in asked})


def is_explained(name: str, page: str) -> bool:
    """Is there a row of the page's tables that names it?"""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    return any(
        re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", row.split("|")[1]) for row in rows
    )


# --- links ------------------------------------------------------------------------------


def link_faults(page: str, folder: Path, root: Path = ROOT) -> Iterator[str]:
    """Links to files of the tree that are not there, and pages that are named but missing."""
    for target in re.findall(r"\]\(([^()#\s]+)[^()]*\)", page):
        if "://" not in target and not (folder / target).exists():
            yield f"links to {target}, which does not exist"
    for named in re.findall(r"(?<![\w./-])(docs/[\w/-]+\.md)", page):
        if not (root / named).exists():
            yield f"names {named}, which does not exist"
