"""A whole city in one database: the order of everything, and what happens when it is cut off.

All rows are written in one transaction: killed before its end, nothing is there. What is reckoned from them (boards,
rollups) follows; until that is through, the database is half simulated, and `finish` does the rest.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

from django.db import connection, transaction

from dashboards import rolling
from dashboards.models import RollupState
from ground import clock
from ground.errors import RuleViolation
from operations.simulating import land, registry, year
from operations.simulating.copying import Listen, Writer
from operations.simulating.land import Land
from operations.simulating.presets import Preset
from organizations.divisions import Division
from organizations.models import Organization
from requests import ticking
from volunteers import leaderboards

#: Hears what begins now.
Say = Callable[[str], None]
#: Only one simulates at a time (an advisory lock of PostgreSQL; SQLite has one writer anyway).
_LOCK: Final = 7_202_611
#: Stands where the rollups say what they were counted by, until they are.
HALF_DONE: Final = {"simulated": "half"}


def simulate(
    presets: Sequence[Preset],
    *,
    seed: int,
    listed: Sequence[Division] = (),
    requests: int = 0,
    say: Say = lambda stage: None,
    listen: Listen = lambda what, rows, total: None,
) -> list[Land]:
    """Write these places, all rows or none, and reckon the figures. The same seed, moment and lists give the same
    city, but for keys and ciphertexts.

    requests: so many in all states, of the first place that has any; 0: as the presets say. Raises RuleViolation: the
    database is in use, two presets are about the same ground, the lists are too short.
    """
    _refuse_overlap(presets)
    with transaction.atomic():
        refuse_used()
        lands = _write(presets, seed, listed, requests, say, Writer(listen))
        RollupState.objects.update_or_create(pk=1, defaults={"as_of": None, "signs": HALF_DONE})
        say("提交")
    finish(say, listen)
    return lands


def finish(say: Say = lambda stage: None, listen: Listen = lambda what, rows, total: None) -> None:
    """What is reckoned from the rows; the rollups come last, because by them it is known that all is done."""
    say("统计信息")
    _analyse()
    say("到时该办的")
    while ticking.catch_up():  # what came due while the rows were written
        pass
    say("排行榜")
    leaderboards.close_due()
    say("看板汇总")
    before = 0

    def month(done: int, of: int) -> None:
        nonlocal before
        listen("看板（月）", done - before, of)
        before = done

    rolling.rebuild(listen=month)
    _analyse()


def is_half_done() -> bool:
    """The rows are there, the figures are not: whoever reckons them takes the mark off."""
    return RollupState.objects.filter(pk=1, as_of=None, signs=HALF_DONE).exists()


def refuse_used() -> None:
    """Raises RuleViolation unless the database is empty of organizations and nobody else is simulating."""
    if not _is_alone():
        raise RuleViolation("另一个进程正在向这个数据库写入模拟城市，请等它结束。")
    if not Organization.objects.exists():
        return
    if is_half_done():
        raise RuleViolation(
            "这个数据库里的模拟城市只完成了一半：单据齐全，排行榜和看板还没有算。请运行 simulate_city --finish 算完。"
        )
    raise RuleViolation("这个数据库里已经有党组织了。模拟城市只写进空的数据库，请另建一个。")


def _is_alone() -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _refuse_overlap(presets: Sequence[Preset]) -> None:
    for index, one in enumerate(presets):
        for other in presets[:index]:
            if _is_inside(one, other) or _is_inside(other, one):
                raise RuleViolation(f"“{other.label}”和“{one.label}”是同一块地方，请只选一个。")


def _is_inside(one: Preset, other: Preset) -> bool:
    return one.region.startswith(other.region)


def _write(
    presets: Sequence[Preset], seed: int, listed: Sequence[Division], requests: int, say: Say, writer: Writer
) -> list[Land]:
    """The order of a place: land, registry, then its year with people, requests and whistles."""
    now = clock.now()
    lands: list[Land] = []
    communities = sum(preset.communities for preset in presets)
    with clock.at(now):
        for number, preset in enumerate(presets):
            say(f"{preset.label}：组织树、网格、楼栋")
            chance = random.Random(f"{preset.name} {seed} land")  # noqa: S311 - invented land
            place = land.lay_out(preset, list(listed), chance, writer)
            say(f"{preset.label}：房屋、户、居民")
            before = sum(len(each.places) for each in lands)
            registry.register(place, writer, seed=seed, number=before, of=communities)
            say(f"{preset.label}：一年的单位、人员、点单、哨单")
            asked = requests if preset.requests else 0
            requests -= asked
            year.live(place, writer, seed, place=number, requests=asked, now=now)
            lands.append(place)
    return lands


def _analyse() -> None:
    """Statistics for the planner; and, where that is possible, which pages are visible to everybody."""
    is_free = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if is_free else "ANALYZE")
