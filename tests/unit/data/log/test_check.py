"""Goal: `liftline log check` counts what is there and names the first damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.adapters.event_log.segment import SegmentLimits, SegmentLogWriter
from liftline.data.log.cli import NoLogError, check
from liftline.data.log.conformance import append_all
from liftline.data.log.segments import list_segments


@pytest.fixture
def log(tmp_path: Path) -> Path:
    writer = SegmentLogWriter(tmp_path, limits=SegmentLimits(max_segment_bytes=300))
    for number in range(20):
        append_all(writer, range(number, number + 1), events=2)
    writer.close()
    assert len(list_segments(tmp_path)) >= 4
    return tmp_path


def run(directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        check(directory)
    except SystemExit as stopped:
        told = capsys.readouterr()
        return int(str(stopped.code)), told.out + told.err
    return 0, capsys.readouterr().out


def test_a_whole_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(log, capsys)
    assert code == 0
    assert "20 records, 40 events" in told
    assert "DAMAGED" not in told


def test_a_log_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = SegmentLogWriter(tmp_path)
    append_all(writer, range(5))
    assert run(tmp_path, capsys)[0] == 0, "reserved space behind the end is no damage"
    writer.close()
    assert run(tmp_path, capsys)[0] == 0


def test_an_empty_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, capsys) == (0, "0 segments, 0 records, 0 events, 0 B\n")


def harm(path: Path, at: int, byte: bytes = b"\xff") -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[at : at + 1] = byte
    path.write_bytes(content)


def test_every_harmed_byte_is_named(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log / list_segments(log)[1].file_name
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        harm(path, at)
        code, told = run(log, capsys)
        assert code == 1, f"byte {at} was harmed and nobody saw it"
        assert f"first damage: {path.name}" in told
        path.write_bytes(whole)


@pytest.mark.parametrize("which", [1, -1])
def test_a_missing_segment_is_named(
    log: Path, capsys: pytest.CaptureFixture[str], which: int
) -> None:
    (log / list_segments(log)[which].file_name).unlink()
    code, told = run(log, capsys)
    assert code == 1
    assert "missing" in told


def test_a_cut_segment_is_named(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log / list_segments(log)[0].file_name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-10])
    assert run(log, capsys)[0] == 1


def test_no_log_has_a_cure(tmp_path: Path) -> None:
    with pytest.raises(NoLogError, match="Cure"):
        check(tmp_path / "nowhere")
