"""Finding people: one box that tells by the shape of the words what is meant, and lists with filters and pages.

Whatever is asked is asked inside `visible_to`, with the same statement whether or not the person exists elsewhere.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from grids.models import Grid, Resident
from grids.models.people import CareLevel
from grids.particulars import document_index
from grids.scope import grid_ids
from ground import clock, identity
from ground.fields import Undecipherable, decrypt, encrypt, phone_index
from ground.identity import BadDocument, BadTelephone
from ground.names import LONGEST_INITIALS, letters_range, name_key, normal_name, prefix_range
from organizations.posts import Power
from organizations.scope import scope_of

MOST_FOUND = 50  # people of one search
PAGE = 30  # rows of a list
LONGEST_WORDS = 40
KEPT_SEARCHES = 10
#: Numbers are looked for whole; from this many digits on a word is taken for one.
FEWEST_DIGITS = 5

PRESENT, LEFT = Resident.Standing.PRESENT, Resident.Standing.LEFT


# The box


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed, and whether people who have moved out count too."""

    text: str
    with_left: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`people`: at most 50, with everything a row shows. `sentence` says what is wrong with the words, or ""."""

    people: list[Resident]
    more: bool = False
    sentence: str = ""


def find(user: Any, words: Words) -> Found:
    """Who is meant, among the people in sight. Two or three queries, the same whatever there is."""
    query, sentence = condition(words.text)
    if query is None:
        return Found([], sentence=sentence)
    rows = for_rows(_in_reach(user).filter(query, standing__in=_standings(words.with_left)))
    taken = list(rows.order_by("name_key", "id")[: MOST_FOUND + 1])
    return Found(taken[:MOST_FOUND], more=len(taken) > MOST_FOUND)


def condition(text: str) -> tuple[Q | None, str]:
    """A telephone, a document's number, initials or a name by its beginning; (None, sentence) for none of them."""
    text = text.strip()[:LONGEST_WORDS]
    if sum(each.isdigit() for each in text) >= FEWEST_DIGITS:
        return _by_number(text), ""
    name = normal_name(text)
    if not any(each.isalpha() for each in name) or any(each.isdigit() for each in name):
        return None, "请输入姓名、拼音首字母，或完整的证件号、手机号。"
    return _by_name(name), ""


def _by_number(text: str) -> Q:
    """The exact number, by its keyed index. The last condition names the partial index for SQLite."""
    try:
        return Q(phone_index=phone_index(identity.normal_telephone(text))) & ~Q(phone_index="")
    except BadTelephone:
        return Q(document_index=document_index(_as_kept(text))) & ~Q(document_index="")


def _as_kept(text: str) -> str:
    kind = identity.guess_kind(text)
    try:
        return (
            identity.check(kind, text, today=clock.today()).number if kind else identity.normal_number(text)
        )
    except BadDocument:
        return identity.normal_number(text)


def _by_name(name: str) -> Q:
    query = _between("name_key", *prefix_range(name_key(name)))
    if re.fullmatch(rf"[A-Za-z]{{1,{LONGEST_INITIALS}}}", name):
        query |= _between("initials", *letters_range(name.lower()))
    return query


def _between(column: str, low: str, high: str) -> Q:
    return Q(**{f"{column}__gte": low}) & (Q(**{f"{column}__lt": high}) if high else Q())


def _standings(with_left: bool) -> list[str]:
    return [PRESENT, LEFT] if with_left else [PRESENT]


def _in_reach(user: Any) -> QuerySet[Resident]:
    """`visible_to`, and the communities by name: the indexes of names begin with them."""
    rows = Resident.objects.visible_to(user)
    communities = scope_of(user).seats(Power.REGISTRY_SEE)
    if grids := grid_ids(user, Power.REGISTRY_SEE):
        communities |= set(Grid.objects.filter(pk__in=grids).values_list("community", flat=True).distinct())
    return rows.filter(community__in=communities)


# Words are personal data: they wait for the redirect sealed in the session, never in an address


def keep(session: Any, words: Words) -> str:
    """A token for the address; the session keeps the last ten searches."""
    kept = session.get(_KEPT, {})
    token = secrets.token_urlsafe(9)
    kept[token] = encrypt(json.dumps([words.text[:LONGEST_WORDS], words.with_left]), _SEALED_FOR)
    session[_KEPT] = dict(list(kept.items())[-KEPT_SEARCHES:])
    return token


def kept_words(session: Any, token: str) -> Words | None:
    """None: another session's, or eleven searches ago."""
    sealed = session.get(_KEPT, {}).get(token)
    try:
        return Words(*json.loads(decrypt(sealed, _SEALED_FOR))) if sealed else None
    except (Undecipherable, ValueError):
        return None


_KEPT, _SEALED_FOR = "registry_searches", "grids.searching.words"


# Lists


#: Key in the URL → (label, years from, years below); None is open.
AGES: dict[str, tuple[str, int | None, int | None]] = {
    "60": ("60 岁及以上", 60, None),
    "80": ("80 岁及以上", 80, None),
    "14": ("14 岁及以下", None, 15),
}
STANDINGS = {"left": LEFT}


def for_rows(rows: QuerySet[Resident]) -> QuerySet[Resident]:
    """With everything that a row says: one query and one for the groups; the document's number stays sealed."""
    return (
        rows.select_related("household__dwelling__building", "grid")
        .defer("document_number", "grid__boundary")
        .prefetch_related("groups")
    )


def narrowed(rows: QuerySet[Resident], query: Mapping[str, str]) -> QuerySet[Resident]:
    """The rows that satisfy the filters of the URL; what makes no sense there is ignored."""
    rows = rows.filter(standing=STANDINGS.get(query.get("standing", ""), PRESENT))
    if grid := number_of(query.get("grid")):
        below = Grid.objects.filter(Q(parent=grid) | Q(parent__parent=grid)).values_list("pk", flat=True)
        rows = rows.filter(grid__in=[grid, *below])  # asked for all the same where there is no such grid
    for name, column in (("building", "building"), ("group", "groups")):
        if key := number_of(query.get(name)):
            rows = rows.filter(**{column: key})
    if query.get("residence") in Resident.Residence.values:
        rows = rows.filter(residence=query["residence"])
    if query.get("care") in CareLevel.values:
        rows = rows.filter(household__care_level=query["care"])
    return _of_age(rows, query.get("age", ""))


def _of_age(rows: QuerySet[Resident], key: str) -> QuerySet[Resident]:
    _, least, below = AGES.get(key, ("", None, None))
    if least is not None:
        rows = rows.filter(birth_date__lte=years_ago(least))
    return rows.filter(birth_date__gt=years_ago(below)) if below is not None else rows


def years_ago(years: int) -> date:
    """Whoever was born on that day or before has lived that many whole years."""
    today = clock.today()
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February, in a year without one
        return today.replace(year=today.year - years, day=28)


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """A page of a long list: where the next one begins, not how many there are."""

    rows: list[Resident]
    next_key: int | None
    is_first: bool


def page_after(rows: QuerySet[Resident], key: str | None) -> KeysetPage:
    """The rows after that id, in the order of their entry; an unreadable key gives the first page."""
    start = number_of(key)
    if start is not None:
        rows = rows.filter(pk__gt=start)
    taken = list(rows.order_by("id")[: PAGE + 1])
    shown = taken[:PAGE]
    return KeysetPage(shown, shown[-1].pk if len(taken) > PAGE else None, start is None)


def number_of(value: str | None) -> int | None:
    """A key of the URL; None for anything that no key can be."""
    return int(value) if value and value.isdecimal() and len(value) < 16 else None
