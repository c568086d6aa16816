"""Goal: files, functions, parameter lists and nesting stay within the style's bounds."""

from __future__ import annotations

import ast

import pytest

from house import shape, tree

CODE = ("src", "house", "scripts", "demo", "bench", "hatch_build.py")
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 60
MANY_PARAMETERS = "def f(a, b, c, d, *, e, f, g):\n    pass\n"
METHOD_OF_SIX = "class C:\n    def f(self, a, b, c, d, e, f):\n        pass\n"
DEEP = """
def f(rows):
    for row in rows:
        if row:
            with row:
                while row:
                    pass
"""
CHAIN = """
def f(x):
    for _ in x:
        if x == 1:
            pass
        elif x == 2:
            pass
        elif x == 3:
            while x:
                pass
"""


def test_files_and_functions_are_within_bounds() -> None:
    checked = list(tree.files(*CODE, "tests"))
    faults = [
        f"{tree.shown(path)}: {fault}"
        for path in checked
        for fault in (
            *shape.file_faults(path.read_text("utf-8")),
            *shape.function_faults(
                tree.parsed(path), with_parameters=not tree.shown(path).startswith("tests/")
            ),
        )
    ]
    assert faults == []
    assert len(checked) > 60


@pytest.mark.parametrize("seeded", [LONG_FUNCTION, MANY_PARAMETERS, DEEP])
def test_canary_a_swollen_function_is_found(seeded: str) -> None:
    assert len(list(shape.function_faults(ast.parse(seeded)))) == 1


@pytest.mark.parametrize("accepted", [METHOD_OF_SIX, CHAIN])
def test_what_is_within_bounds_is_left_alone(accepted: str) -> None:
    assert list(shape.function_faults(ast.parse(accepted))) == []


def test_canary_a_swollen_file_is_found() -> None:
    assert list(shape.file_faults("x = 1\n" * 401))
    assert not list(shape.file_faults("x = 1\n" * 400))
