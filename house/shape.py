"""Bounds on size: the tail is policed, never the average."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FILE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 6
NESTING = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LEVELS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def file_faults(source: str) -> Iterator[str]:
    lines = source.count("\n")
    if lines > FILE_LINES:
        yield f"{lines} lines; at most {FILE_LINES}: split it by concept"


def function_faults(tree: ast.Module, *, with_parameters: bool = True) -> Iterator[str]:
    """Each function that is too long, too deep or has too many parameters."""
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        where = f"line {node.lineno}, {node.name}"
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{where}: {lines} lines; at most {FUNCTION_LINES}"
        if with_parameters and (count := parameters(node)) > PARAMETERS:
            yield f"{where}: {count} parameters; at most {PARAMETERS}, then a frozen dataclass"
        if (depth := nesting(node.body)) > NESTING:
            yield f"{where}: nested {depth} deep; at most {NESTING}: ifs up, loops down"


def parameters(node: Function) -> int:
    """How many a caller may pass: without self and cls."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([argument for argument in named if argument.arg not in ("self", "cls")])


def nesting(body: list[ast.stmt]) -> int:
    """The deepest stack of blocks in a function's own body; `elif` is one level with its `if`."""
    return max((_depth(statement) for statement in body), default=0)


def _depth(statement: ast.stmt) -> int:
    if isinstance(statement, _SCOPES):
        return 0
    if not isinstance(statement, _LEVELS):
        return 0
    return max([1, *(_branch_depth(statement, branch) for branch in _branches(statement))])


def _branch_depth(statement: ast.stmt, branch: list[ast.stmt]) -> int:
    is_elif = (
        isinstance(statement, ast.If)
        and branch is statement.orelse
        and len(branch) == 1
        and isinstance(branch[0], ast.If)
    )
    return nesting(branch) + (0 if is_elif else 1)


def _branches(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
        yield part.body
