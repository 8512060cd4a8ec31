"""What a simulated city holds: counted from the rows, read from the dashboards, beside what was published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Model, QuerySet, Sum

from dashboards import reading
from dashboards.measures import Counts
from dashboards.periods import Window
from dashboards.places import CITY, of_node
from dashboards.rolling.changes import extent
from grids.models import Building, Compound, Dwelling, Grid, Household, Resident
from operations.simulating.land import Land
from operations.simulating.presets import Preset
from organizations.models import Organization, Unit
from organizations.posts import Tier
from requests.models import ServiceRequest
from requests.states import State
from volunteers.models import Claim, LedgerEntry, Registration, Whistle
from volunteers.states import ClaimState, WhistleState

#: How far a figure that was published as a round number may be off.
ROUND: Final = 10
#: District → a count of its rows.
ByDistrict = dict[int, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """One line. `shown`: as the dashboards have it, None where they do not say it; `published`: field of Preset, and
    by how much rows may differ from it, as a share (hours are published as round numbers)."""

    label: str
    rows: Callable[[], ByDistrict]
    shown: Callable[[Counts], int] | None = None
    published: str = ""
    about: float = 0


@dataclass(frozen=True, slots=True)
class Total:
    """One line of one place. `place`: name of a preset, of a district or of the city."""

    place: str
    label: str
    rows: int
    shown: int | None
    published: int | None
    about: float = 0

    @property
    def is_right(self) -> bool:
        if self.shown not in (None, self.rows):
            return False
        return self.published is None or abs(self.rows - self.published) <= self._leeway(self.published)

    def _leeway(self, published: int) -> float:
        """A round number says nothing of its last digit, however small the city is."""
        return max(self.about * published, ROUND) if self.about else 0


def _counted(rows: QuerySet[Any], district: str = "district") -> ByDistrict:
    return dict(rows.order_by().values_list(district).annotate(n=Count("pk")))


def _of_model(model: type[Model]) -> Callable[[], ByDistrict]:
    return lambda: _counted(model._default_manager.all())


def _nodes(tier: Tier) -> Callable[[], ByDistrict]:
    """A tree is named by its root."""
    return lambda: _counted(Organization.objects.filter(tier=tier), "tree_id")


def _grids(tier: int) -> Callable[[], ByDistrict]:
    return lambda: _counted(Grid.objects.filter(tier=tier))


def _solved() -> ByDistrict:
    return _counted(
        ServiceRequest.objects.filter(state__in=(State.RESOLVED, State.CLOSED)).exclude(outcome="")
    )


def _finished() -> ByDistrict:
    return _counted(ServiceRequest.objects.filter(state__in=(State.RESOLVED, State.CLOSED), whole=None))


def _participations() -> ByDistrict:
    """Where the whistle was, as the ledger has it."""
    return _counted(
        Claim.objects.filter(state=ClaimState.CREDITED, whistle__state=WhistleState.DONE), "whistle__district"
    )


def _minutes() -> ByDistrict:
    rows = LedgerEntry.objects.order_by().values_list("district").annotate(n=Sum("minutes"))
    return {district: minutes or 0 for district, minutes in rows}


def _hours() -> ByDistrict:
    return {district: round(minutes / 60) for district, minutes in _minutes().items()}


def _figure(name: str) -> Callable[[Counts], int]:
    return lambda counts: counts[name]


KINDS: Final = (
    Kind("区（县）", _nodes(Tier.DISTRICT), None, "districts"),
    Kind("街道（镇）", _nodes(Tier.STREET)),
    Kind("社区（村）", _nodes(Tier.COMMUNITY), None, "communities"),
    Kind("网格党支部", _nodes(Tier.GRID_BRANCH), None, "branches"),
    Kind("楼栋党小组", _nodes(Tier.BUILDING_GROUP), None, "groups"),
    Kind("党员责任区", _nodes(Tier.DUTY_ZONE), None, "zones"),
    Kind("网格（各级）", _of_model(Grid), _figure("grids")),
    Kind("二级网格", _grids(2), None, "branches"),
    Kind("三级网格", _grids(3), None, "third_grids"),
    Kind("小区", _of_model(Compound), _figure("compounds"), "compounds"),
    Kind("楼栋", _of_model(Building), _figure("buildings"), "buildings"),
    Kind("房屋", _of_model(Dwelling), _figure("dwellings"), "dwellings"),
    Kind("户", _of_model(Household), _figure("households")),
    Kind("居民", lambda: _counted(Resident.objects.present()), _figure("residents"), "residents"),
    Kind("单位", lambda: _counted(Unit.objects.filter(closed_at=None)), _figure("units"), "units"),
    Kind(
        "报到党员",
        lambda: _counted(Registration.objects.confirmed()),
        _figure("registered"),
        "members",
    ),
    Kind("点单", lambda: _counted(ServiceRequest.objects.filter(whole=None)), _figure("submitted")),
    Kind(
        "办结的点单",
        _finished,
        lambda counts: counts["state.resolved"] + counts["state.closed"],
    ),
    Kind("解决问题（含分件）", _solved, None, "requests"),
    Kind(
        "办完的哨单",
        lambda: _counted(Whistle.objects.filter(state=WhistleState.DONE)),
        _figure("whistles.done"),
        "whistles",
    ),
    Kind("服务人次", _participations, _figure("times"), "participations"),
    Kind("服务分钟", _minutes, _figure("minutes")),
    Kind("服务小时", _hours, None, "hours", about=0.01),
)


def totals(lands: Sequence[Land] = (), chosen: Collection[str] = ()) -> list[Total]:
    """Every line of every place that was simulated, of its districts where they differ, and of the city.

    Without lands (the command that only finishes) nothing is compared with what was published; neither are `chosen`,
    fields of Preset that whoever simulated named otherwise.
    """
    roots = dict(Organization.objects.filter(parent=None).values_list("pk", "short_name"))
    shown = _shown([CITY, *map(of_node, roots)])
    found: list[Total] = []
    for kind in KINDS:
        rows = kind.rows()
        for land in lands:
            found.append(_of_land(kind, land, rows, shown, kind.published not in chosen))
        districts = [_of_district(kind, pk, name, rows, shown) for pk, name in roots.items()]
        found += [each for each in districts if not each.is_right or not lands]
        found.append(Total("全市", kind.label, sum(rows.values()), _read(kind, [CITY], shown), None))
    return found


def _of_land(kind: Kind, land: Land, rows: ByDistrict, shown: dict[str, Counts], is_published: bool) -> Total:
    keys = [node.pk for node in land.districts]
    number = sum(rows.get(key, 0) for key in keys)
    places = [of_node(key) for key in keys]
    read = _read(kind, places, shown)
    published = _published(kind, land.preset) if is_published else None
    return Total(land.preset.label, kind.label, number, read, published, kind.about)


def _of_district(kind: Kind, pk: int, name: str, rows: ByDistrict, shown: dict[str, Counts]) -> Total:
    return Total(name, kind.label, rows.get(pk, 0), _read(kind, [of_node(pk)], shown), None)


def _published(kind: Kind, preset: Preset) -> int | None:
    return getattr(preset, kind.published) or None if kind.published else None


def _read(kind: Kind, places: Iterable[str], shown: dict[str, Counts]) -> int | None:
    if kind.shown is None:
        return None
    return sum(kind.shown(shown[place]) for place in places)


def _shown(places: list[str]) -> dict[str, Counts]:
    """What the dashboards say of these places: all that happened, and how it stands."""
    (happened,) = reading.read(places, Window("all", "", *extent()))
    standing = reading.stand_now(places)
    found = {}
    for place in places:
        found[place] = Counts(happened[place])
        found[place].take(standing[place])
    return found
