"""Rollups: counted from the rows (`tallying`, `standing`), written where something changed (`changes`, `writing`), in
rounds of beat and in full (`rounds`) by one at a time (`holding`), compared with SQL over the rows (`proving`)."""

from dashboards.rolling.holding import Busy, Overtaken
from dashboards.rolling.rounds import Listen, Round, catch_up, rebuild

__all__ = ["Busy", "Listen", "Overtaken", "Round", "catch_up", "rebuild"]
