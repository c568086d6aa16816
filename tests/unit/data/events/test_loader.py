"""Goal: a mistake in a plan's file is named with its line and its cure, and never used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liftline.data.events.api import InvalidPlanError, load_plan, read_plan
from liftline.data.events.findings import Finding

Write = Callable[..., Path]
STRING = "    type: string\n"
EXAMPLE = "  - {report_id: r1}\n"


def only(path: Path) -> Finding:
    findings = read_plan([path.parent]).findings
    assert len(findings) == 1, findings
    return findings[0]


def test_a_good_file_is_read(plan_file: Write) -> None:
    events = load_plan([plan_file().parent])
    assert [spec.name for spec in events] == ["report_shared"]
    assert events[0].properties["report_id"].max_length == 50
    assert events[0].examples_good == ({"report_id": "r1"},)


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "words"),
    [
        ("owner: growth\n", "owner: growth\nowner: data\n", "yaml", 4, "`owner` is there twice"),
        ("owner: growth\n", "", "key_missing", 1, "`owner` is missing"),
        ("owner: growth", "owner: ''", "empty", 3, "`owner` says nothing"),
        ("owner: growth", "ownr: x\nowner: growth", "unknown_key", 3, "`ownr`"),
        ("name: report_shared", "name: ReportShared", "bad_name", 1, "ReportShared"),
        ("name: report_shared", "name: report_sent", "file_name", 1, "report_shared"),
        ("version: 1", "version: 0", "bad_version", 2, "start at 1"),
        ("version: 1", "version: one", "shape", 2, "Expected `int`"),
        ("[public, server]", "[]", "bad_senders", 5, "nobody"),
        ("[public, server]", "[public, robot]", "shape", 5, "robot"),
        ("retention_days: 90", "retention_days: 0", "bad_retention", 6, "0 days"),
        ("consent: analytics", "consent: maybe", "shape", 7, "maybe"),
        ("    pii: none\n", "", "pii_missing", 9, "how personal"),
        ("    pii: none", "    pii: some", "shape", 12, "some"),
        ("    description: Which report.", "    description: ''", "empty", 14, "not described"),
        (STRING, "    type: text\n", "shape", 10, "text"),
        (STRING, "    type: integer\n", "bad_bounds", 13, "max_length"),
        ("    max_length: 50", "    minimum: 1\n    max_length: 50", "bad_bounds", 9, "minimum"),
        ("    max_length: 50\n", "", "unbounded", 9, "length bound"),
        ("    pii: none", "    pii: sensitive", "sensitive", 12, "sensitive"),
        ("  report_id:\n", "  reportId:\n", "bad_name", 9, "reportId"),
        ("consent: analytics", "consent: analytics\nbusiness_key: [id]", "bad_key", 8, "id"),
        (EXAMPLE, "  - {report_id: 7}\n", "good_example_fails", 16, "datatype_mismatch"),
        ("  - {}\n", "  - {report_id: r2}\n", "bad_example_passes", 18, "accepted"),
        ("examples_bad:\n  - {}\n", "examples_bad: []\n", "no_example", 1, "no bad example"),
        ("owner: growth", "owner: &a growth\npurpose2: *a", "yaml", 3, "alias"),
        ("owner: growth", "owner: !!python/name:os.system growth", "yaml", 3, "tag"),
        ("owner: growth", "owner: [growth", "yaml", 4, "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(
    plan_file: Write, old: str, new: str, code: str, line: int, words: str
) -> None:
    path = plan_file((old, new))
    findings = [one for one in read_plan([path.parent]).findings if one.code == code]
    assert len(findings) == 1, read_plan([path.parent]).findings
    assert (findings[0].file, findings[0].line) == (str(path), line)
    assert words in findings[0].message
    assert findings[0].cure


def test_yaml_s_surprises_are_texts(plan_file: Write) -> None:
    path = plan_file((EXAMPLE, "  - {report_id: no}\n  - {report_id: 2026-03-02}\n"))
    assert load_plan([path.parent])[0].examples_good == (
        {"report_id": "no"},
        {"report_id": "2026-03-02"},
    )


def test_a_file_that_is_not_utf8_or_not_a_mapping_is_named(plan_file: Write) -> None:
    path = plan_file()
    path.write_bytes(b"\xff")
    assert only(path).message == "the file is not UTF-8"
    path.write_text("- 1\n")
    assert only(path).code == "not_an_event"
    path.write_text("")
    assert "key_missing" in {one.code for one in read_plan([path.parent]).findings}


def test_a_later_directory_adds_but_does_not_redefine(plan_file: Write) -> None:
    first = plan_file()
    added = plan_file(("report_shared", "report_sent"), stem="report_sent", at="b")
    names = [spec.name for spec in load_plan([first.parent, added.parent])]
    assert names == ["report_sent", "report_shared"]

    silent = plan_file(("growth", "sales"), at="c")
    with pytest.raises(InvalidPlanError) as caught:
        load_plan([first.parent, silent.parent])
    assert caught.value.findings[0].code == "redefined"
    assert "version: 2" in caught.value.cure
    assert str(silent) in caught.value.message

    raised = plan_file(("growth", "sales"), ("version: 1", "version: 2"), at="d")
    assert load_plan([first.parent, raised.parent])[0].owner == "sales"


def test_two_files_of_one_directory_may_not_share_a_name(plan_file: Write) -> None:
    path = plan_file()
    path.with_suffix(".yaml").write_text(path.read_text())
    assert only(path).code == "defined_twice"


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlanError, match="no such directory"):
        load_plan([tmp_path / "nowhere"])


def test_warnings_do_not_stop_a_plan(plan_file: Write) -> None:
    path = plan_file(("    max_length: 50\n", ""))
    assert only(path).severity == "warning"
    assert len(load_plan([path.parent])) == 1


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 200_000, "a: " + "[1," * 60_000, "- " * 100_000, "a: " + "[" * 41]
)
def test_deep_nesting_is_a_finding_and_no_crash(plan_file: Write, text: str) -> None:
    path = plan_file()
    path.write_text(text)
    assert only(path).message == "the file nests too deep"
