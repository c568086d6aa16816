"""Goal: names are parsed once, and fresh ids are unique and sort by time."""

import pytest

from liftline.core.ids import BadNameError, environment, new_id, project_id


@pytest.mark.parametrize("name", ["demo", "a", "shop-eu_2", "x" * 40])
def test_good_project_names(name: str) -> None:
    assert project_id(name) == name


@pytest.mark.parametrize("name", ["", "Demo", "7up", "a b", "x" * 41, "a\n", "é"])
def test_bad_project_names_are_refused_with_a_cure(name: str) -> None:
    with pytest.raises(BadNameError) as caught:
        project_id(name)
    assert caught.value.cure


def test_environments_are_a_closed_set() -> None:
    assert [environment(name) for name in ("dev", "staging", "prod")] == ["dev", "staging", "prod"]
    with pytest.raises(BadNameError):
        environment("production")


def test_ids_are_unique_and_sort_by_millisecond() -> None:
    ids = [new_id("evt") for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(identifier.startswith("evt_") and len(identifier) == 30 for identifier in ids)
    prefixes = [identifier[:13] for identifier in ids]
    assert prefixes == sorted(prefixes)
