"""The command line checks definitions with exit codes and shows the SQL they become."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.data.metrics.cli import EXIT_INVALID, NoSuchMetricError, app


def run(*words: str) -> None:
    app(list(words), result_action="return_value", exit_on_error=False)


def test_check_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    run("check")
    said = capsys.readouterr().out
    assert "activation_d7" in said
    assert "waiting for their metric: growth.reachable" in said


def test_check_fails_on_a_wrong_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "goals.yml").write_text("goals:\n  - id: a.b\n    ttile: x\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        run("check", str(tmp_path))
    assert caught.value.code == EXIT_INVALID
    said = capsys.readouterr().out
    assert f"{tmp_path / 'goals.yml'}:3: 'ttile' is not a key here" in said
    assert "cure: write 'title'" in said


@pytest.mark.parametrize("name", ["search_ctr", "activation_funnel", "retention_by_cohort"])
def test_sql_of_each_type(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("sql", name)
    said = capsys.readouterr().out
    assert "-- $project = demo" in said
    assert "FROM analytics." in said


def test_sql_of_an_unknown_metric() -> None:
    with pytest.raises(NoSuchMetricError, match="no metric is called"):
        run("sql", "nothing")
