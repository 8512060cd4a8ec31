"""What is measured of the routes: who opens which page daily, and which routes are left out, each with its reason.

`PAGES` and `LEFT_OUT` together hold every route of `discovering.routes`, none twice; a test says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from dashboards.models import Pattern
from grids.lists import LISTS
from grids.models import Building, CareAssessment, Compound, Dwelling, Grid, GridDuty, Household, Resident
from operations.benching.cast import COMMUNITY, DISTRICT, STREET, Actor, Cast
from operations.benching.load import Call
from operations.benching.serving import COMPRESSED, PROXIED
from organizations.models import Policy
from requests.models import Category, Dispatch, ReplyTemplate, ServiceRequest
from volunteers.models import BoardRow, Claim, Registration, Team, Whistle, WhistleTemplate

Arguments = list[tuple[Any, ...]]
Find = Callable[[Cast, Actor], Arguments]
#: So many things of a kind are opened in turn.
SOME = 20


def nothing(cast: Cast, actor: Actor) -> Arguments:
    """A route without arguments."""
    return [()]


def seen(model: Any, field: str = "pk", **conditions: Any) -> Find:
    """Some of the rows that the actor has in sight, the newest."""

    def find(cast: Cast, actor: Actor) -> Arguments:
        rows = model.objects.visible_to(actor.user).filter(**conditions).order_by("-pk")
        return [(value,) for value in rows.values_list(field, flat=True)[:SOME]]

    return find


def there(model: Any, *fields: str, **conditions: Any) -> Find:
    """Some rows, whoever looks."""

    def find(cast: Cast, actor: Actor) -> Arguments:
        return list(model.objects.filter(**conditions).order_by("-pk").values_list(*fields)[:SOME])

    return find


def at(tier: str) -> Find:
    """The node of that tier where the actors hold their posts."""
    return lambda cast, actor: [(cast.node[tier].pk,)]


def with_step(step: str) -> Find:
    """Some requests in sight, and the name of a step."""
    return lambda cast, actor: [
        (number, step) for (number,) in seen(ServiceRequest, "number", state="in_progress")(cast, actor)
    ]


def named(word: str) -> Find:
    """Always the same: a word of the address."""
    return lambda cast, actor: [(word,)]


def scores(cast: Cast, actor: Actor) -> Arguments:
    """The actor's own score on this year's board of a place."""
    rows = BoardRow.objects.filter(
        board__organization__isnull=False, board__period="year", volunteer__user=actor.user
    )
    return list(rows.order_by("-board__starts_on").values_list("board__organization", "volunteer")[:1])


def own_board(cast: Cast, actor: Actor) -> Arguments:
    """The place on whose board the actor stands."""
    return [(place,) for place, _ in scores(cast, actor)]


def usable_replies(cast: Cast, actor: Actor) -> Arguments:
    rows = ReplyTemplate.objects.usable_by(actor.user).filter(is_open=True)
    return [(pk,) for pk in rows.values_list("pk", flat=True)[:SOME]]


def own_claims(cast: Cast, actor: Actor) -> Arguments:
    rows = Claim.objects.filter(volunteer__user=actor.user).order_by("-pk")
    return [(pk,) for pk in rows.values_list("pk", flat=True)[:SOME]]


def own_requests(cast: Cast, actor: Actor) -> Arguments:
    rows = ServiceRequest.objects.filter(submitter=actor.user).order_by("-pk")
    return [(number,) for number in rows.values_list("number", flat=True)[:SOME]]


@dataclass(frozen=True, slots=True)
class Page:
    """`role` opens `route` with the arguments that `find` gives; `query` is what stands behind the question mark.
    `is_list`: its time is to stay the same however many rows the city has. `answers`: the status it gives;
    `is_part`: a piece of a page, which htmx asks for; `what` tells pages of one route apart."""

    role: str
    route: str
    find: Find = nothing
    query: str = ""
    is_list: bool = False
    answers: int = 200
    is_part: bool = False
    what: str = ""

    @property
    def name(self) -> str:
        words = f" {self.what}" if self.what else ""
        return f"{self.route}{words}{'?' + self.query if self.query else ''}, {self.role}"

    def calls(self, cast: Cast) -> list[Call]:
        """Nothing where the database has nobody or nothing for it."""
        actor = cast.actor(self.role)
        if actor is None:
            return []
        heads = (actor.token if self.route.startswith("v1:") else actor.cookie) | PROXIED | COMPRESSED
        heads |= {"HX-Request": "true", "HX-Target": "panel"} if self.is_part else {}
        paths = (reverse(self.route, args=arguments) for arguments in self.find(cast, actor))
        return [Call(path + ("?" + self.query if self.query else ""), headers=heads) for path in paths]


def _pages(role: str, *routes: str, is_list: bool = False) -> Iterator[Page]:
    return (Page(role, route, is_list=is_list) for route in routes)


RESIDENT, MEMBER, GRID_WORKER = "resident", "member", "grid_worker"
SECRETARY, REGISTRAR, STREET_OFFICER, OFFICER = "secretary", "registrar", "street", "officer"
CITY, CASE_OFFICER, LIAISON = "city", "case_officer", "liaison"

PHONE = (
    *_pages(RESIDENT, "desk:home", "requests:new", "requests:query", "accounts:me"),
    *_pages(RESIDENT, "requests:mine", "notifications:inbox", "volunteers:wishes", is_list=True),
    Page(RESIDENT, "requests:places", query="q=1"),
    Page(RESIDENT, "requests:detail", own_requests),
    Page(RESIDENT, "notifications:preferences"),
    Page(RESIDENT, "grids:building_qr", there(Building, "qr_token"), answers=302),
    Page(MEMBER, "desk:home"),
    Page(MEMBER, "volunteers:whistles", is_list=True),
    Page(MEMBER, "volunteers:whistle", seen(Whistle)),
    Page(MEMBER, "volunteers:claims", is_list=True),
    Page(MEMBER, "volunteers:claim", own_claims),
    *_pages(
        MEMBER, "volunteers:service", "volunteers:profile", "volunteers:registration", "volunteers:teams"
    ),
    Page(MEMBER, "volunteers:team", seen(Team)),
    Page(MEMBER, "volunteers:calendar"),
    Page(MEMBER, "volunteers:own_leaderboard", answers=302),
    Page(MEMBER, "volunteers:leaderboard", own_board),
    Page(MEMBER, "volunteers:score", scores, query="period=year"),
    Page(MEMBER, "volunteers:city_leaderboard", named("members")),
    Page(GRID_WORKER, "desk:work", is_list=True),
)
DESK = (
    Page(SECRETARY, "desk:work", is_list=True),
    Page(OFFICER, "desk:work", is_list=True),
    Page(SECRETARY, "desk:requests", is_list=True),
    Page(STREET_OFFICER, "desk:requests", is_list=True),
    Page(OFFICER, "desk:requests", is_list=True),
    Page(CITY, "desk:requests", is_list=True),
    Page(OFFICER, "desk:requests", query="which=done&page=9", is_list=True),
    Page(SECRETARY, "desk:requests", query="q=%E6%A5%BC%E9%81%93", is_list=True),
    Page(SECRETARY, "desk:request", seen(ServiceRequest, "number")),
    Page(SECRETARY, "desk:step", with_step("resolve")),
    Page(SECRETARY, "desk:history", seen(ServiceRequest, "number"), is_part=True),
    Page(SECRETARY, "desk:helpers", seen(ServiceRequest, "number", state="in_progress")),
    Page(SECRETARY, "desk:file_for"),
    Page(SECRETARY, "desk:whistles", is_list=True),
    Page(SECRETARY, "desk:whistle", seen(Whistle)),
    *_pages(SECRETARY, "desk:whistle_new", "desk:whistle_usual"),
    Page(SECRETARY, "desk:dispatches", is_list=True),
    Page(SECRETARY, "desk:dispatch_recipients", seen(ServiceRequest, "number", state="in_progress")),
    Page(SECRETARY, "desk:dispatch", seen(Dispatch)),
    Page(CASE_OFFICER, "desk:received", is_list=True),
    *_pages(SECRETARY, "desk:crediting", "desk:judged", "desk:registrations", "desk:teams", is_list=True),
    Page(SECRETARY, "desk:attesting"),
    Page(SECRETARY, "desk:registration", seen(Registration, state="confirmed")),
    Page(SECRETARY, "desk:team", seen(Team)),
    Page(OFFICER, "desk:placing"),
    *_pages(OFFICER, "desk:quotas", "desk:quota_totals"),
    *_pages(LIAISON, "desk:our_people", "desk:proposals", is_list=True),
    *(Page(OFFICER, "desk:figures", query=f"by={by}") for by in ("community", "category", "month", "unit")),
    Page(OFFICER, "desk:figures_table", query="by=community"),
    Page(SECRETARY, "desk:policies"),
    Page(SECRETARY, "volunteers:summaries"),
)
REGISTRY = (
    Page(REGISTRAR, "grids:residents", is_list=True),
    Page(REGISTRAR, "grids:twins"),
    Page(REGISTRAR, "grids:resident", seen(Resident)),
    Page(REGISTRAR, "grids:resident_new"),
    Page(REGISTRAR, "grids:household", seen(Household)),
    Page(REGISTRAR, "grids:dwelling", seen(Dwelling, households=None)),
    Page(REGISTRAR, "grids:building", seen(Building)),
    *_pages(REGISTRAR, "grids:imports", "grids:overview", "grids:absences"),
    *(Page(REGISTRAR, "grids:list", named(each.slug), what=each.slug) for each in LISTS),
)
DASHBOARDS = (
    Page(CITY, "dashboards:city"),
    Page(CITY, "dashboards:city", query="period=year"),
    *(Page(CITY, f"dashboards:city_{name}") for name in ("map_page", "map", "screen")),
    *(Page(CITY, f"dashboards:city_figures_{kind}") for kind in ("csv", "xlsx")),
    Page(OFFICER, "dashboards:node", at(DISTRICT)),
    Page(STREET_OFFICER, "dashboards:node", at(STREET)),
    Page(SECRETARY, "dashboards:node", at(COMMUNITY)),
    *(
        Page(OFFICER, f"dashboards:{name}", at(DISTRICT))
        for name in ("map_page", "map", "map_points", "screen")
    ),
    *(Page(OFFICER, f"dashboards:figures_{kind}", at(DISTRICT)) for kind in ("csv", "xlsx")),
    Page(OFFICER, "dashboards:views"),
    Page(OFFICER, "dashboards:digest"),
    Page(SECRETARY, "dashboards:patterns", is_list=True),
    Page(SECRETARY, "dashboards:pattern", seen(Pattern)),
)
API = (
    *_pages(RESIDENT, "v1:me-list", "v1:category-list", "v1:message-unread", "v1:message-preferences"),
    *_pages(RESIDENT, "v1:request-list", "v1:message-list", "v1:wish-list", is_list=True),
    Page(RESIDENT, "v1:request-places", query="q=1"),
    Page(RESIDENT, "v1:category-detail", there(Category, "code", is_open=True)),
    *_pages(MEMBER, "v1:whistle-list", "v1:claim-list", "v1:thanks-list", is_list=True),
    Page(MEMBER, "v1:whistle-detail", seen(Whistle)),
    Page(MEMBER, "v1:claim-detail", own_claims),
    *_pages(MEMBER, "v1:service-list", "v1:volunteer-profile-list", "v1:star-list", "v1:board-listing-list"),
    Page(MEMBER, "v1:registration-list"),
    Page(MEMBER, "v1:registration-communities"),
    Page(MEMBER, "v1:leaderboard-detail", own_board),
    Page(MEMBER, "v1:leaderboard-detail", named("members"), what="of the city"),
    Page(MEMBER, "v1:leaderboard-snapshots", own_board),
    *(Page(role, "v1:request-list", is_list=True) for role in (SECRETARY, OFFICER, CITY)),
    Page(SECRETARY, "v1:request-list", query="is_open=true", is_list=True),
    Page(SECRETARY, "v1:request-detail", seen(ServiceRequest, "number")),
    Page(SECRETARY, "v1:request-take", with_step("resolve")),
    *_pages(SECRETARY, "v1:dispatch-list", "v1:staff-whistle-list", "v1:crediting-list", is_list=True),
    Page(SECRETARY, "v1:dispatch-detail", seen(Dispatch)),
    Page(SECRETARY, "v1:staff-whistle-detail", seen(Whistle)),
    Page(SECRETARY, "v1:crediting-detail", seen(Claim)),
    *_pages(SECRETARY, "v1:community-registration-list", "v1:team-list", "v1:ledger-list", is_list=True),
    Page(SECRETARY, "v1:community-registration-detail", seen(Registration)),
    Page(SECRETARY, "v1:team-detail", seen(Team)),
    Page(SECRETARY, "v1:team-people", seen(Team)),
    *_pages(
        SECRETARY, "v1:grid-list", "v1:compound-list", "v1:building-list", "v1:dwelling-list", is_list=True
    ),
    *_pages(REGISTRAR, "v1:household-list", "v1:resident-list", "v1:care-list", is_list=True),
    Page(SECRETARY, "v1:grid-detail", seen(Grid)),
    Page(SECRETARY, "v1:compound-detail", seen(Compound)),
    Page(SECRETARY, "v1:building-detail", seen(Building)),
    Page(REGISTRAR, "v1:dwelling-detail", seen(Dwelling)),
    Page(REGISTRAR, "v1:household-detail", seen(Household)),
    Page(REGISTRAR, "v1:resident-detail", seen(Resident)),
    Page(REGISTRAR, "v1:resident-twins", seen(Resident)),
    Page(REGISTRAR, "v1:care-detail", seen(CareAssessment)),
    *_pages(SECRETARY, "v1:special-group-list", "v1:import-list", "v1:absence-list", "v1:grid-duty-list"),
    Page(SECRETARY, "v1:grid-duty-detail", seen(GridDuty)),
    *_pages(SECRETARY, "v1:reply-template-list", "v1:whistle-template-list", "v1:saved-filter-list"),
    Page(SECRETARY, "v1:reply-template-detail", usable_replies),
    Page(SECRETARY, "v1:whistle-template-detail", there(WhistleTemplate, "pk")),
    *_pages(SECRETARY, "v1:policy-list", "v1:territory-policy-list", "v1:summary-list"),
    Page(SECRETARY, "v1:policy-detail", seen(Policy)),
    Page(SECRETARY, "v1:quota-list", is_list=True),
    *_pages(OFFICER, "v1:quota-totals", "v1:placing-list", "v1:dashboard-view-list"),
    *_pages(OFFICER, "v1:dashboard-list"),
    Page(OFFICER, "v1:dashboard-detail", at(DISTRICT)),
    Page(CITY, "v1:dashboard-detail", named("city")),
    Page(SECRETARY, "v1:pattern-list", is_list=True),
    Page(SECRETARY, "v1:pattern-detail", seen(Pattern)),
)
PAGES: tuple[Page, ...] = (*PHONE, *DESK, *REGISTRY, *DASHBOARDS, *API)

_SIGN_IN = (
    "signing in is limited by phone and address, its cost is the password's hash: see tests of accounts"
)
_FILE = "sends a stored file: its time is the disk's and the line's"
_SELDOM = "opened seldom"
_OWN_JOB = "the worker's part is measured as a job"
LEFT_OUT: dict[str, str] = {
    "healthz": "the empty view of the benchmark is its like",
    **dict.fromkeys(("v1:api-root", "schema", "docs"), "for programmers, not daily"),
    **dict.fromkeys(
        ("accounts:sign_in", "accounts:code", "accounts:again", "accounts:password", "accounts:second"), _SIGN_IN
    ),
    **dict.fromkeys(("accounts:set_password", "accounts:totp"), _SELDOM),
    **dict.fromkeys(("requests:photo", "volunteers:claim_photo", "v1:request-photo", "requests:receipt"), _FILE),
    **dict.fromkeys(("v1:summary-file", "volunteers:summary_download", "grids:import_report"), _FILE),
    "grids:import_template": _SELDOM,
    "dashboards:home": "redirects to the page that is measured",
    "dashboards:table": "redirects to the page that is measured",
    "dashboards:open_view": "redirects to the page that is measured",
    "v1:dashboard-view-detail": "one row by its key",
    "v1:saved-filter-detail": "one row by its key",
    "v1:absence-detail": "one row by its key",
    "v1:territory-policy-detail": "one row by its key",
    **dict.fromkeys(("v1:policy-in-force", "v1:territory-policy-in-force"), "one row; read by every step"),
    **dict.fromkeys(("grids:import", "grids:import_columns", "v1:import-detail", "v1:import-findings"), _OWN_JOB),
    **dict.fromkeys(("volunteers:summary", "v1:summary-detail"), _OWN_JOB),
    "grids:residents_export": "the download is measured among the exports",
    "grids:sheet": "the download is measured among the exports",
    "desk:requests_csv": "the download of all requests is measured beside Signalen's",
    "dashboards:city_map_points": "drawn on close view only; the district's is measured",
    "requests:step": "the same form as desk:step, which is measured",
    "v1:dispatch-take": "the same forms as v1:request-take, which is measured",
    "desk:dispatch_step": "the same form as desk:step, which is measured",
    **dict.fromkeys(
        ("volunteers:claim_step", "desk:registration_step", "desk:whistle_step", "grids:resident_step"),
        "a form of a few fields behind the page that is measured",
    ),
    **dict.fromkeys(
        ("volunteers:thank", "grids:dwelling_new", "desk:whistle_edit", "desk:team_new", "desk:team_edit"),
        "a form of a few fields behind the page that is measured",
    ),
    **dict.fromkeys(("desk:place", "v1:placing-proposals"), "needs somebody who waits to be placed; a few a day"),
    **dict.fromkeys(
        ("volunteers:onsite", "v1:whistle-code", "volunteers:check_in_by_code"), "needs a whistle under way"
    ),
    "volunteers:claim_calendar": "one entry of volunteers:calendar, which is measured",
    "volunteers:city_score": "as volunteers:score, which is measured",
    **dict.fromkeys(
        ("volunteers:public_boards", "volunteers:public_board", "volunteers:public_city_board"),
        "shown where a policy publishes boards; the same rows as volunteers:leaderboard",
    ),
    "desk:bulk_result": "what the last bulk step did; kept in the cache",
    "grids:policy": _SELDOM,
}  # fmt: skip
