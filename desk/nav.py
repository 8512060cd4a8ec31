"""The menus: the staff's sidebar, and the tab bar of the phone. Built only when a template asks for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.powers import administers
from dashboards.patterns import reading as patterns
from desk import dispatches, prepared, quota_lists, worklist
from desk.access import ACTS, SIGHT, TEAM_SIGHT, WHISTLE_SIGHT, WORK
from desk.notices import calendar_notice
from notifications.inbox import unread_count
from organizations.posts import Power, Seat, Tier
from organizations.scope import Grant, Scope, scope_of
from volunteers import leaderboards
from volunteers.models import Claim, Registration
from volunteers.summaries import asking


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar. A page of the desk is shown to posts with one of the powers; the registry of a
    `model` ("grids.grid") to whomever its own admin lets in, or lets change it. `count` names a heap of
    `waiting_counts`. `seat`: only where a power is held at a node of that tier, over the whole of it.
    `switch`: a count that is nothing where policies switch the page off: the line is gone then (RULES 6).
    """

    label: str
    icon: str
    route: str = ""
    powers: tuple[Power, ...] = ()
    model: str = ""
    to_change: bool = False
    count: str = ""
    seat: Tier | None = None
    switch: str = ""

    @property
    def url(self) -> str:
        if not self.model:
            return reverse(self.route)
        return reverse(f"admin:{self.model.replace('.', '_')}_changelist")


ACTS_SET = frozenset(ACTS)
GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("工作台", "inbox", "desk:work", WORK, count="work"),
            Entry("点单", "list", "desk:requests", SIGHT),
            Entry("哨单", "whistle", "desk:whistles", WHISTLE_SIGHT),
            Entry("派单", "send", "desk:dispatches", (Power.DISPATCH,), count="dispatches"),
            Entry(
                "派给我们的",
                "mail",
                "desk:received",
                (Power.ANSWER_DISPATCH, Power.HANDLE),
                count="received",
                switch="was_sent_to",
            ),
            Entry(
                "未诉先办",
                "bulb",
                "dashboards:patterns",
                (Power.TREE_SEE,),
                count="patterns",
                switch="looks_for_patterns",
            ),
            Entry("接单认定", "check-square", "desk:crediting", (Power.CREDIT,), count="claims"),
            Entry(
                "确认到场",
                "check-square",
                "desk:attesting",
                (Power.ATTEST,),
                count="present",
                switch="attests",
            ),
            Entry("我们的党员", "people", "desk:our_people", (Power.UNIT_SEE,)),
        ),
    ),
    (
        "台账",
        (
            Entry("台账总览", "list", "grids:overview", (Power.TREE_SEE,)),
            Entry("党组织", "tree", model="organizations.organization"),
            Entry("网格", "grid", model="grids.grid"),
            Entry("小区", "map", model="grids.compound"),
            Entry("楼栋", "building", model="grids.building"),
            Entry("房屋", "door", model="grids.dwelling"),
            Entry("户", "home", model="grids.household"),
            Entry("居民", "people", "grids:residents", (Power.REGISTRY_SEE, Power.REGISTRY_NAMES)),
            Entry("单位", "handshake", model="organizations.unit"),
            Entry("导入", "upload", "grids:imports", (Power.REGISTRY_CHANGE,), seat=Tier.COMMUNITY),
        ),
    ),
    (
        "队伍",
        (
            Entry("党员", "people", model="organizations.member"),
            Entry("志愿者", "heart", model="volunteers.volunteer"),
            Entry("报到", "flag", "desk:registrations", (Power.CONFIRM_REGISTRATION,), count="registrations"),
            Entry("待调剂", "handshake", "desk:placing", (Power.TREE_CHANGE,), seat=Tier.DISTRICT),
            Entry("先锋队、服务队", "star", "desk:teams", TEAM_SIGHT),
            Entry(
                "服务指标",
                "progress",
                "desk:quotas",
                (Power.CONFIRM_REGISTRATION, Power.SUPERVISE),
                switch="quotas",
            ),
            Entry("任职", "shield", model="organizations.appointment"),
            Entry("网格分工", "pin", model="grids.gridduty"),
        ),
    ),
    (
        "看板",
        (
            Entry("看板", "chart", "dashboards:home", (Power.TREE_SEE,)),
            Entry("办理统计", "progress", "desk:figures", SIGHT),
            Entry(
                "活动汇总",
                "file",
                "volunteers:summaries",
                (Power.CREDIT, Power.UNIT_SEE, Power.TREE_SEE),
                switch="summaries",
            ),
            Entry("排行榜", "medal", "volunteers:own_leaderboard", (Power.TREE_SEE,), switch="boards"),
        ),
    ),
    (
        "设置",
        (
            Entry("政策", "book", "desk:policies", (Power.TREE_SEE,)),
            Entry("账号", "user", model="accounts.user"),
            Entry("事项类别", "settings", model="requests.category", to_change=True),
            Entry("常用语", "chat", model="requests.replytemplate"),
            Entry("常用哨单", "whistle", model="volunteers.whistletemplate"),
            Entry("重点人群", "elder", model="grids.specialgroup", to_change=True),
            Entry("专长", "star", model="organizations.skill", to_change=True),
            Entry("工作日", "calendar", model="organizations.workdayoverride", to_change=True),
            Entry("查看记录", "eye", model="organizations.accesslogentry"),
            Entry("待发消息", "mail", model="notifications.outgoing"),
            Entry("汇总进度", "refresh", model="dashboards.rollupstate"),
        ),
    ),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """Give `nav`, `seat`, `brand_url`, `calendar_notice` to the staff pages, `phone_tabs` to the phone pages."""
    if not hasattr(request, "user"):  # refused before anybody was known: a wrong host
        return {}
    return {
        "nav": SimpleLazyObject(lambda: groups(request)),
        "seat": SimpleLazyObject(lambda: seat_of(request.user)),
        "brand_url": SimpleLazyObject(lambda: first_page(request.user)),
        "phone_tabs": SimpleLazyObject(lambda: tabs(request)),
        "calendar_notice": SimpleLazyObject(lambda: calendar_notice(request.user)),
    }


def waiting_counts(user: Any) -> dict[str, int]:
    """Heap → how many wait. Two queries, the first shared with the tabs of the work list.

    The second says in passing whether there are boards to open, as policies can switch them off.
    """
    scope = scope_of(user)
    found: dict[str, Any] = dict.fromkeys(("work", "claims", "registrations", "boards", "dispatches"), 0)
    found |= {"received": 0, "was_sent_to": scope.has(Power.ANSWER_DISPATCH)}
    # Whoever credits attests by crediting; the page of its own is for those who only attest.
    found |= {
        "patterns": 0,
        "looks_for_patterns": False,
        "present": 0,
        "quotas": 0,
        "attests": scope.has(Power.ATTEST) and not scope.has(Power.CREDIT),
    }
    found["summaries"] = asking.may_ask_anywhere(user)
    if scope.has(*WORK):
        found["work"] = worklist.to_do(worklist.counts(user))
        found["patterns"] = worklist.proposals(user)
    if scope.grants:
        found.update(prepared.numbers("menu", user, lambda: _numbers(user, scope)))
    return found


def _numbers(user: Any, scope: Scope) -> dict[str, Any]:
    heaps = _heaps(user, scope)
    numbers: dict[str, Any] = {name: _how_many(rows) for name, rows in heaps.items()}
    if "received" in heaps and not scope.has(Power.ANSWER_DISPATCH):
        numbers["was_sent_to"] = Exists(dispatches.received(user))
    if scope.has(Power.TREE_SEE):
        numbers["boards"] = Exists(leaderboards.visible_to(user))
        numbers["looks_for_patterns"] = Exists(patterns.looks_anywhere(user))
    if scope.has(Power.CONFIRM_REGISTRATION, Power.SUPERVISE):
        numbers["quotas"] = Exists(quota_lists.asks_for_something(user))
    return numbers


def _heaps(user: Any, scope: Scope) -> dict[str, QuerySet[Any]]:
    """What waits for the user's posts, heap by heap."""
    heaps: dict[str, QuerySet[Any]] = {}
    if scope.has(Power.CREDIT):
        heaps["claims"] = Claim.objects.awaiting_credit_by(user)
    elif scope.has(Power.ATTEST):
        heaps["present"] = Claim.objects.awaiting_attest_by(user)
    if scope.has(Power.CONFIRM_REGISTRATION):
        heaps["registrations"] = Registration.objects.awaiting_confirmation_by(user)
    if scope.has(Power.DISPATCH):
        heaps["dispatches"] = dispatches.awaiting_sender(user)
    if dispatches.answers_anywhere(user):
        heaps["received"] = dispatches.awaiting_recipient(user)
    return heaps


def _how_many(rows: QuerySet[Any]) -> Any:
    """The number of rows as a part of another query."""
    counted = (
        rows.order_by().annotate(_one=OuterRef("pk")).values("_one").annotate(_n=Count("pk")).values("_n")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: only what the user's posts allow, so that no line leads to a refusal."""
    waiting = waiting_counts(request.user)
    found = []
    for title, entries in GROUPS:
        items = [_item(entry, request, waiting) for entry in entries if _allowed(entry, request, waiting)]
        if items:
            found.append({"title": title, "items": items})
    return found


def _allowed(entry: Entry, request: HttpRequest, waiting: dict[str, int]) -> bool:
    if entry.switch and not waiting[entry.switch]:
        return False
    if not entry.model:
        grants = scope_of(request.user).with_power(*entry.powers)
        return any(
            entry.seat is None or (grant.seat is entry.seat and not grant.is_narrowed_to_grids)
            for grant in grants
        )
    registry = admin.site.get_model_admin(apps.get_model(entry.model))
    return (
        registry.has_change_permission(request) if entry.to_change else registry.has_view_permission(request)
    )


def _item(entry: Entry, request: HttpRequest, waiting: dict[str, int]) -> dict[str, Any]:
    url = entry.url
    return {
        "label": _board_of(request.user) if entry.route == "dashboards:home" else entry.label,
        "url": url,
        "icon": entry.icon,
        "count": waiting.get(entry.count, 0),
        "on": request.path == url or (entry.route != "desk:work" and request.path.startswith(url)),
    }


def _board_of(user: Any) -> str:
    grant = highest(scope_of(user), Power.TREE_SEE)
    words: dict[Tier | Seat, str] = {
        Seat.CITY: "全市",
        Tier.DISTRICT: "本区",
        Tier.STREET: "本街镇",
        Tier.COMMUNITY: "本社区",
    }
    if grant is None or grant.is_narrowed_to_grids:
        return "本网格"
    return words.get(grant.seat, "本网格")


def highest(scope: Scope, *powers: Power) -> Grant | None:
    """The grant of the highest seat, of those with the powers where any are named."""
    grants = scope.with_power(*powers) if powers else list(scope.grants)
    ranks: dict[Tier | Seat, int] = {Seat.CITY: 0, **{tier: tier.value for tier in Tier}, Seat.UNIT: 99}
    return min(grants, key=lambda grant: ranks[grant.seat], default=None)


def seat_of(user: Any) -> str:
    """What the highest seat is called: 花城社区."""
    grant = highest(scope_of(user))
    return grant.place if grant else ""


def first_page(user: Any) -> str:
    """Where the work of this session begins; the phone home where there is none."""
    return door_of(powers_of(scope_of(user)), is_administrator=administers(user))


def powers_of(scope: Scope) -> frozenset[Power]:
    return frozenset().union(*(grant.powers for grant in scope.grants))


def door_of(powers: Collection[Power], *, is_administrator: bool = False) -> str:
    """The work list, else the dashboard, what was sent to the unit, its people, the accounts; else the phone home."""
    if not ACTS_SET.isdisjoint(powers):
        return reverse("desk:work")
    if Power.TREE_SEE in powers:
        return reverse("dashboards:home")
    if Power.ANSWER_DISPATCH in powers:
        return reverse("desk:received")
    if Power.UNIT_SEE in powers:
        return reverse("desk:our_people")
    return reverse("admin:accounts_user_changelist") if is_administrator else reverse("desk:home")


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The tab bar: residents ask, volunteers go; five signs at most."""
    user = request.user
    if not user.is_authenticated:
        return []
    wanted = [("home", "首页", "desk:home", "home")]
    if hasattr(user, "volunteer"):
        wanted += [
            ("whistles", "哨单", "volunteers:whistles", "whistle"),
            ("claims", "接单", "volunteers:claims", "check-square"),
        ]
    else:
        wanted += [("requests", "点单", "requests:mine", "edit")]
    wanted += [("messages", "消息", "notifications:inbox", "mail"), ("me", "我的", "accounts:me", "user")]
    return [
        {
            "key": key,
            "label": label,
            "url": reverse(route),
            "icon": icon,
            "count": unread_count(user) if key == "messages" else 0,
        }
        for key, label, route, icon in wanted
    ]
