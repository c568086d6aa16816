"""Tests that prove something: a goal, an assertion, a reason for each skip."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_PROVING = ("assert", "check", "expect", "raises", "warns", "verify", "fail", "wait_for")
_CONFORMANCE = "case"
"""How a test calls one case of a suite that ships in the package."""


def goal_faults(tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield "does not begin with its goal"


def assertion_faults(tree: ast.Module) -> Iterator[str]:
    """Test functions that can only fail by accident."""
    local = {node.name: node for node in ast.walk(tree) if isinstance(node, _Function)}
    for name, node in local.items():
        if name.startswith("test_") and not _proves(node, local, frozenset()):
            yield f"line {node.lineno}: {name} asserts nothing"


_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def _proves(
    node: ast.AST, local: dict[str, ast.FunctionDef | ast.AsyncFunctionDef], seen: frozenset[str]
) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            return True
        if not isinstance(inner, ast.Call):
            continue
        name = _name(inner.func)
        if name == _CONFORMANCE or any(word in name.lower() for word in _PROVING):
            return True
        if name in local and name not in seen and _proves(local[name], local, seen | {name}):
            return True
    return False


def skip_faults(tree: ast.Module) -> Iterator[str]:
    """Skips and expected failures that give no reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail"):
            is_mark = isinstance(node.value, ast.Attribute) and node.value.attr == "mark"
            if is_mark and not _has_reason(tree, node):
                yield f"line {node.lineno}: {node.attr} without a reason"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.skip", "pytest.xfail"):
            named = [word.arg for word in node.keywords]
            if not node.args and "reason" not in named:
                yield f"line {node.lineno}: {ast.unparse(node.func)} without a reason"


def _has_reason(tree: ast.Module, mark: ast.Attribute) -> bool:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.func is mark]
    return any(word.arg == "reason" for call in calls for word in call.keywords)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner):
            return _name(inner)
        case _:
            return ""
