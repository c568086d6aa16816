"""What others may do with metrics: load definitions, compile them, read them, judge goals."""

from liftline.data.metrics.catalog import SHIPPED, load_catalog
from liftline.data.metrics.compiler import (
    compile_funnel,
    compile_retention,
    compile_series,
    compile_unit_statistics,
    compile_value,
)
from liftline.data.metrics.judgement import judge
from liftline.data.metrics.reading import (
    read_funnel,
    read_goal,
    read_retention,
    read_series,
    read_unit_statistics,
    read_value,
)

__all__ = [
    "SHIPPED",
    "compile_funnel",
    "compile_retention",
    "compile_series",
    "compile_unit_statistics",
    "compile_value",
    "judge",
    "load_catalog",
    "read_funnel",
    "read_goal",
    "read_retention",
    "read_series",
    "read_unit_statistics",
    "read_value",
]
