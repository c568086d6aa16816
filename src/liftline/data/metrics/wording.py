"""Numbers and days as people read them."""

from __future__ import annotations

import math
from datetime import date, timedelta

from liftline.data.metrics.contracts import Estimate, NumberFormat

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def amount(value: float, format_: NumberFormat) -> str:
    """`0.5` as `50 %`, `1140` seconds as `19 min`, `12345` as `12,345`."""
    number, unit = _scaled(value, format_)
    return _short(number, _decimals(number)) + unit


def distance(value: float, format_: NumberFormat) -> str:
    """A difference: percentages differ by points."""
    if format_ != "percent":
        return amount(value, format_)
    points = _short(value * 100, 2)
    return f"{points} point" + ("" if points == "1" else "s")


def measured(estimate: Estimate, format_: NumberFormat) -> str:
    """An estimate with its spread: `42.1 % ± 0.9`, or with bounds where it is lopsided."""
    value, unit = _scaled(estimate.value, format_)
    low, high = _scaled(estimate.low, format_)[0], _scaled(estimate.high, format_)[0]
    if low == value == high:
        return _short(value, _decimals(value)) + unit
    places = max(1, _decimals(value)) if format_ != "count" else _decimals(value)
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{value:,.{places}f}{unit} (spread unknown)"
    below, above = f"{value - low:,.{places}f}", f"{high - value:,.{places}f}"
    if below == above:
        return f"{value:,.{places}f}{unit} ± {below}"
    return f"{value:,.{places}f}{unit} ({low:,.{places}f} to {high:,.{places}f})"


def day(value: date) -> str:
    """`3 Oct 2025`, the same in every locale."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def length(span: timedelta) -> str:
    """`28 d`, `36 h`, `30 min`: the largest unit that it fills twice, or days."""
    for seconds, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        count = span.total_seconds() / seconds
        if count >= 2 or (count == 1 and unit == "d"):
            return f"{count:g} {unit}"
    return f"{span.total_seconds():g} s"


def _scaled(value: float, format_: NumberFormat) -> tuple[float, str]:
    if format_ == "percent":
        return value * 100, " %"
    if format_ == "duration":
        return (value / 60, " min") if abs(value) >= 60 else (value, " s")
    return value, ""


def _decimals(number: float) -> int:
    if number == round(number) and abs(number) >= 10:
        return 0
    return 2 if abs(number) < 10 else 1


def _short(number: float, places: int) -> str:
    text = f"{number:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
