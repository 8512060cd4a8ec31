"""Rollups: counted from the rows (`tallying`, `standing`), written where something changed (`writing`), in rounds of
beat and in full (`rounds`), compared with SQL over the rows (`proving`)."""

from dashboards.rolling.rounds import catch_up, rebuild

__all__ = ["catch_up", "rebuild"]
