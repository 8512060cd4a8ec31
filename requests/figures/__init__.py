"""The figures by which handling is judged (RULES 7): rates, handling times, units."""

from requests.figures.rates import (
    NAMES,
    OWN,
    SATISFIED_FROM,
    Figures,
    Workload,
    conditions,
    figures_by,
    submitted_between,
    total,
)
from requests.figures.times import Times, times_by, times_of
from requests.figures.units import UnitFigures, units_of

__all__ = [
    "NAMES",
    "OWN",
    "SATISFIED_FROM",
    "Figures",
    "Times",
    "UnitFigures",
    "Workload",
    "conditions",
    "figures_by",
    "submitted_between",
    "times_by",
    "times_of",
    "total",
    "units_of",
]
