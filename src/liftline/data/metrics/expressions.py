"""The small closed language of metrics.yml, parsed to SQLGlot trees and nothing wider.

A measure is `count()`, `count_if(condition)`, `sum(column)` or `count_distinct(column)`. A
condition is a boolean column, a comparison of a column with a literal or another column,
`column is [not] null`, `column in (literals)`, or those joined by and, or, not and
parentheses. Everything else is refused, so no text of a definition reaches the warehouse
except through a tree that was rebuilt from these words.
"""

from __future__ import annotations

import re
from typing import Final, get_args

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from liftline.core.errors import InvalidError
from liftline.data.metrics.contracts import Aggregate, Measure

MAX_EXPRESSION_LENGTH = 500

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")
_MEASURE = re.compile(r"\s*(\w+)\s*\((.*)\)\s*\Z", re.DOTALL)
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_GRAMMAR_CURE: Final = (
    "use columns, literals, = != < <= > >=, `is null`, `in (...)`, and, or, not, parentheses"
)


class ExpressionError(InvalidError):
    """That is not an expression of the metrics language."""

    code = "metrics.bad_expression"
    default_cure = _GRAMMAR_CURE


def is_name(text: str) -> bool:
    """Whether the text can name a column or model: lower case, digits, underscore."""
    return bool(_NAME.match(text))


def parse_measure(text: str) -> Measure:
    """Parse `count()`, `count_if(...)`, `sum(...)` or `count_distinct(...)`."""
    match = _MEASURE.match(text)
    if not match or match[1] not in get_args(Aggregate):
        raise ExpressionError(
            f"{text!r} is not a measure",
            cure="write count(), count_if(condition), sum(column) or count_distinct(column)",
        )
    aggregate, argument = match[1], match[2].strip()
    if aggregate == "count":
        if argument:
            raise ExpressionError("count() takes no argument", cure="write count_if(condition)")
        return Measure(aggregate="count")
    if aggregate == "count_if":
        return Measure(aggregate="count_if", argument=canonical_condition(argument))
    if not is_name(argument):
        raise ExpressionError(f"{argument!r} is not a column's name", cure=f"{aggregate}(column)")
    return Measure(aggregate="sum" if aggregate == "sum" else "count_distinct", argument=argument)


def canonical_condition(text: str) -> str:
    """The condition as it will be compiled. Raises ExpressionError."""
    return parse_condition(text).sql(dialect="duckdb", comments=False)


def parse_condition(text: str) -> exp.Expr:
    """The condition as a tree made only of the allowed words. Raises ExpressionError."""
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise ExpressionError(f"longer than {MAX_EXPRESSION_LENGTH} characters")
    try:
        statements = parse(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "too deep"
        raise ExpressionError(f"{text!r} cannot be read: {reason}") from error
    if len(statements) != 1 or statements[0] is None:
        raise ExpressionError(f"{text!r} is not one condition")
    return _condition(statements[0])


def _condition(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Paren):
        return exp.Paren(this=_condition(node.this))
    if isinstance(node, (exp.And, exp.Or)):
        return type(node)(this=_condition(node.this), expression=_condition(node.expression))
    if isinstance(node, exp.Not):
        return exp.Not(this=_condition(node.this))
    if isinstance(node, _COMPARISONS):
        return type(node)(this=_operand(node.this), expression=_operand(node.expression))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return exp.Is(this=_column(node.this), expression=exp.Null())
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        choices = [_literal(choice) for choice in node.expressions]
        return exp.In(this=_column(node.this), expressions=choices)
    if isinstance(node, exp.Boolean):
        return exp.Boolean(this=bool(node.this))
    return _column(node)


def _operand(node: exp.Expr) -> exp.Expr:
    return _column(node) if isinstance(node, exp.Column) else _literal(node)


def _literal(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return exp.Neg(this=_literal(node.this))
    if isinstance(node, exp.Literal):
        return exp.Literal(this=node.this, is_string=node.is_string)
    if isinstance(node, exp.Boolean):
        return exp.Boolean(this=bool(node.this))
    raise ExpressionError(f"{node.sql(dialect='duckdb')!r} is not a literal")


def _column(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and not node.table and is_name(node.name):
        return column(node.name)
    raise ExpressionError(f"{node.sql(dialect='duckdb')!r} is not allowed in a condition")


def column(name: str) -> exp.Column:
    """A column by its name, quoted: a name is never a keyword."""
    return exp.Column(this=exp.to_identifier(name, quoted=True))
