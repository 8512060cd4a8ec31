"""排行榜: the five boards, one's own place on them, and what a score is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from organizations.models import Organization
from organizations.models.policies import Boards
from organizations.posts import Tier
from volunteers import leaderboards, presenting
from volunteers.leaderboards import listing, naming, paging, sight
from volunteers.models import Board, BoardRow, BoardSnapshot, Volunteer
from volunteers.presenting import boards as looks
from volunteers.states import BoardKind, Period
from volunteers.views.answering import says_no, volunteer_of, volunteer_or_404

#: So many closed days can be looked up.
DAYS = 31


def period_of(given: str) -> Period:
    """The period named, or the month."""
    return Period(given) if given in Period.values else Period.MONTH


def day_of(given: str) -> date | None:
    """A day as addresses write it; None for anything else."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which board a page is about: its kind and place, the period, and what the district lets it show."""

    kind: BoardKind
    place: Organization | None
    period: Period
    starts_on: date
    boards: str | None

    @classmethod
    def of_place(cls, request: HttpRequest, pk: int) -> Asked:
        """The members' board of a district or community; 404 unless it is in sight."""
        place: Any = get_object_or_404(leaderboards.places_open_to(request.user), pk=pk)
        return cls._of(request, leaderboards.kind_of(place), place, place.boards_shown)

    @classmethod
    def of_city(cls, request: HttpRequest, slug: str) -> Asked:
        """A board of the city: for whoever may open the boards of any district."""
        if slug not in looks.CITY_SLUGS or not leaderboards.open_to(request.user):
            raise Http404
        return cls._of(request, looks.CITY_SLUGS[slug], None, None)

    @classmethod
    def _of(cls, request: HttpRequest, kind: BoardKind, place: Any, boards: str | None) -> Asked:
        period = period_of(request.GET.get("period", ""))
        day = day_of(request.GET.get("on", ""))
        return cls(kind, place, period, naming.first_day(period, day), boards)

    @property
    def url(self) -> str:
        if self.place is None:
            return reverse("volunteers:city_leaderboard", args=[looks.SLUGS[self.kind]])
        return reverse("volunteers:leaderboard", args=[self.place.pk])

    @property
    def query(self) -> str:
        """What an address of this board has behind the question mark."""
        said = {"period": self.period.value}
        if not self.is_present:
            said["on"] = self.starts_on.isoformat()
        return urlencode(said)

    @property
    def is_present(self) -> bool:
        return self.starts_on == naming.first_day(self.period)

    def board(self) -> Board | None:
        return leaderboards.find(
            self.kind, self.place.pk if self.place else None, self.period, self.starts_on
        )

    def shown(self) -> str:
        """What movement and places may say; a board of the city is as careful as the most careful district."""
        if self.boards is not None:
            return self.boards
        return (
            Boards.POSITIVE
            if any(each.boards == Boards.POSITIVE for each in sight.districts())
            else Boards.ON
        )

    def context(self) -> dict[str, Any]:
        return {
            "title": looks.title_of(self.kind, self.place),
            "district": self.place,
            "period": self.period,
            "period_label": self.period.label
            if self.is_present
            else looks.when_words(self.period, self.starts_on),
            "asked": self,
            "whole_url": f"{self.url}?{self.query}",
            "size_unit": looks.COUNTED[self.kind],
            "own_words": looks.OWN[self.kind],
            "rule": looks.rule_of(self.kind),
        }


# Which board


@login_required
@require_GET
def own_leaderboard(request: HttpRequest) -> HttpResponse:
    """The board of one's own district."""
    volunteer = volunteer_of(request.user)
    seen = leaderboards.visible_to(request.user)
    district = (seen.filter(pk=volunteer.district_id).first() if volunteer else None) or seen.first()
    if district is None:
        raise Http404
    return redirect("volunteers:leaderboard", district.pk)


@login_required
@require_GET
def leaderboard(request: HttpRequest, pk: int) -> HttpResponse:
    """排行榜: members of a district or a community; every score opens to its entries."""
    asked = Asked.of_place(request, pk)
    other = request.GET.get("community", "")
    if other.isdecimal() and len(other) < 16 and int(other) != pk:
        return redirect(f"{reverse('volunteers:leaderboard', args=[int(other)])}?{asked.query}")
    return _board_page(request, asked)


@login_required
@require_GET
def city_leaderboard(request: HttpRequest, slug: str) -> HttpResponse:
    """Units, members or communities of the whole city."""
    return _board_page(request, Asked.of_city(request, slug))


def _board_page(request: HttpRequest, asked: Asked) -> HttpResponse:
    board, volunteer = asked.board(), volunteer_of(request.user)
    shown = asked.shown()
    context = {
        "tab": "",
        "back": "/service/" if volunteer else "/",
        "board": board,
        "items": _periods(asked),
        "tabs": _kinds(request, asked, volunteer),
        "pasts": _pasts(asked),
        "is_positive": shown == Boards.POSITIVE,
        "communities": _communities(asked),
        "stars": _stars(asked),
        "own_listing": volunteer if volunteer and asked.boards and listing.may_leave(asked.boards) else None,
        **asked.context(),
        **(_rows(request, asked, board, volunteer, shown) if board else {}),
    }
    return render(request, "volunteers/leaderboard.html", context)


def _rows(
    request: HttpRequest, asked: Asked, board: Board, volunteer: Volunteer | None, shown: str
) -> dict[str, Any]:
    """The lines of a page of the board, and one's own place, which stands above them."""
    snapshots = list(board.snapshots.order_by("-day").values_list("day", flat=True)[:DAYS])
    day = day_of(request.GET.get("day", ""))
    found: dict[str, Any] = {"days": snapshots, "q": request.GET.get("q", "").strip()[:40]}
    if day is not None:
        snapshot = get_object_or_404(BoardSnapshot.objects.select_related("board"), board=board, day=day)
        kept = sight.snapshot_rows(snapshot, asked.boards)
        return found | {"day": day, "lines": [_kept(row) for row in kept], "size": snapshot.size}
    size = sight.size_of(board)
    rows = leaderboards.rows_of(board, asked.boards, size=size)
    me = _subject(board, volunteer)
    if found["q"]:
        page: Any = Paginator(sight.searched(rows, found["q"]), paging.PER_PAGE).get_page(
            request.GET.get("page")
        )
        listed = list(page)
    else:
        last = sight.first_third(size) if asked.boards == Boards.POSITIVE else size
        page = paging.by_place(rows, request.GET.get("page"), last)
        listed = page.rows
    lines = presenting.rank_rows(listed, me, asked.query, shown)
    found |= {"page": page, "lines": lines, "size": size, "is_in_sight": any(line["is_me"] for line in lines)}
    own = sight.row_in(Q(board=board, **{naming.subject_of(board): me})) if me is not None else None
    return found | _own(own, shown)


def _own(row: BoardRow | None, shown: str) -> dict[str, Any]:
    if row is None:
        return {}
    place = leaderboards.place_of(row, shown)
    return {
        "own": row,
        "own_place": place,
        "own_page": paging.page_of_place(place) if place else None,
        "own_url": looks.url_of(row),
    }


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "place": row["rank"],
        "name": row["name"],
        "text": f"{row['times']} 次",
        "score": row["score"],
        "unit": "分",
    }


def _subject(board: Board, volunteer: Volunteer | None) -> int | None:
    """Whose row is one's own: oneself, one's unit, or the community where one is registered."""
    if volunteer is None:
        return None
    kind = naming.subject_of(board)
    if kind == "volunteer":
        return volunteer.pk
    if kind == "unit":
        return volunteer.unit.pk if volunteer.unit else None
    return volunteer.registrations.confirmed().values_list("community", flat=True).first()


# Where one may go from here


def _periods(asked: Asked) -> list[dict[str, Any]]:
    return [
        {"label": each.label, "url": f"?period={each.value}", "on": each == asked.period} for each in Period
    ]


def _kinds(request: HttpRequest, asked: Asked, volunteer: Volunteer | None) -> list[dict[str, Any]]:
    """The five boards: of one's own district and community where one has them, and the city's."""
    found = []
    for node in _near(request, asked, volunteer):
        label = "本区" if node.tier == Tier.DISTRICT else node.short_name
        found.append((label, reverse("volunteers:leaderboard", args=[node.pk]), node == asked.place))
    for slug, kind in looks.CITY_SLUGS.items():
        url = reverse("volunteers:city_leaderboard", args=[slug])
        found.append((looks.CITY_LABELS[kind], url, kind == asked.kind))
    query = f"?period={asked.period.value}"
    return [{"label": label, "url": f"{url}{query}", "on": on} for label, url, on in found]


def _near(request: HttpRequest, asked: Asked, volunteer: Volunteer | None) -> list[Organization]:
    """The district and the community whose boards are offered. Two queries at most."""
    wanted = Q(pk__in=[asked.place.pk] if asked.place else [])
    if asked.place is not None:
        wanted |= Q(tier=Tier.DISTRICT, tree_id=asked.place.tree_id)
    else:
        mine = volunteer.district_id if volunteer else None
        open_ones = leaderboards.open_to(request.user)
        wanted |= Q(pk=mine if mine in open_ones else next(iter(open_ones)))
    if volunteer is not None and not (asked.place and asked.place.tier == Tier.COMMUNITY):
        wanted |= Q(pk__in=volunteer.registrations.confirmed().values("community"))
    return list(leaderboards.places_open_to(request.user).filter(wanted).order_by("tier"))


def _pasts(asked: Asked) -> list[tuple[str, str]]:
    """Earlier months, quarters or years that have a board: (first day, words)."""
    days = sight.days_of(asked.kind, asked.place.pk if asked.place else None, asked.period)
    present = naming.first_day(asked.period)
    return [(day.isoformat(), looks.when_words(asked.period, day)) for day in days if day != present]


def _communities(asked: Asked) -> QuerySet[Organization] | list[Any]:
    """Communities of the district that have a board of this period."""
    if asked.place is None:
        return []
    boards = Board.objects.filter(
        kind=BoardKind.COMMUNITY_MEMBERS, period=asked.period, starts_on=asked.starts_on,
        organization__tree_id=asked.place.tree_id,
    )  # fmt: skip
    return Organization.objects.filter(pk__in=boards.values("organization")).order_by("lft")


def _stars(asked: Asked) -> dict[str, Any] | None:
    """The stars of the month that is looked at; on the present board those of the last month that has any."""
    if asked.place is None or asked.period != Period.MONTH:
        return None
    stars = sight.stars_of(asked.place, None if asked.is_present else asked.starts_on)
    return {"month": stars[0].month, "lines": looks.star_lines(stars)} if stars else None


@login_required
@require_POST
def listing_on_boards(request: HttpRequest) -> HttpResponse:
    """上榜, 不上榜: one's own decision, where the policy leaves it open."""
    volunteer = volunteer_or_404(request.user)
    if request.POST.get("is_listed") == "yes":
        says_no(request, lambda: listing.come_back(volunteer, by=request.user), "已恢复上榜。")
    else:
        said = "以后榜上不再列出你的名字，得分照常计算。"
        says_no(request, lambda: listing.leave(volunteer, by=request.user), said)
    return redirect("volunteers:service")
