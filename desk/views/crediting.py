"""接单认定: what volunteers have done, for the community to judge."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers import presenting
from volunteers.accounting import crediting as judging
from volunteers.forms.crediting import JudgeForm
from volunteers.models import Claim
from volunteers.presenting.evidence import Evidence, evidence_of_all

PAGE = 30
#: What a button of the page does, besides judging one claim: all clear ones, or all that are decided.
CLEAR, CHOSEN = "clear", "chosen"


def claims_of(rows: Any) -> Any:
    """With what the pages of crediting show of a claim, no numbers of anybody."""
    read = rows.select_related("whistle__community", "volunteer__member__unit", "volunteer__user")
    return read.defer("volunteer__member__phone", "volunteer__user__phone")


def _claims(user: Any) -> Any:
    rows = claims_of(Claim.objects.awaiting_credit_by(user)).prefetch_related("photos")
    return rows.order_by("whistle__ends_at", "whistle", "id")


class Row:
    """One claim on the page: what speaks for it, and what was written beside it."""

    def __init__(self, evidence: Evidence, by: Any, data: Any = None) -> None:
        self.evidence, self.claim, self.by = evidence, evidence.claim, by
        self.form = JudgeForm(data, claim=evidence.claim)

    @property
    def is_own(self) -> bool:
        """Nobody credits himself: somebody else does."""
        return self.claim.volunteer.user_id == self.by.pk

    @property
    def photos(self) -> list[dict[str, str]]:
        """Of a wish; read with the page."""
        return presenting.photos_of(self.claim)

    @property
    def may_be_judged(self) -> bool:
        return self.evidence.may_be_judged and not self.is_own

    @property
    def is_clear(self) -> bool:
        return self.evidence.is_clear and self.may_be_judged

    @property
    def is_open(self) -> bool:
        """The fields are in sight: something is in doubt, or was written."""
        return bool(self.evidence.doubt) or self.form.is_touched

    def is_wanted(self, do: str) -> bool:
        if do == CLEAR:
            return self.is_clear and not self.form.is_touched
        if do == CHOSEN:
            return bool(self.form.data.get(self.form.add_prefix("step")))
        return do == str(self.claim.pk)

    def judge(self) -> str:
        """Take the step; gives what was done, or "" where it was refused: the sentence stands at its field."""
        if not self.form.is_valid():
            return ""
        step = self.form.cleaned_data["step"]
        try:
            if step:
                getattr(judging, step)(self.claim, by=self.by, **self.form.said())
            elif not self.is_open:  # one tap: as the presence says
                judging.credit(self.claim, by=self.by)
            else:
                self.form.add_error("step", "请选怎么认定。")
                return ""
        except RuleViolation as violation:
            violation.add_to(self.form)
            return ""
        return self.claim.get_state_display()


@require_http_methods(["GET", "POST"])
@staff_page(Power.CREDIT)
def crediting(request: HttpRequest) -> HttpResponse:
    """Claims that wait, the oldest whistle first: clear ones with one tap, the others with a reason.

    Each is judged in a transaction of its own. What is refused comes back with all that was written on the page.
    """
    if request.method == "POST":
        return _judge(request)
    page = Paginator(_claims(request.user), PAGE).get_page(request.GET.get("page"))
    return _page(request, page, [Row(each, request.user) for each in evidence_of_all(page.object_list)])


def _judge(request: HttpRequest) -> HttpResponse:
    wanted = [int(pk) for pk in request.POST.getlist("claim")[:PAGE] if _is_number(pk)]
    found = _claims(request.user).filter(pk__in=wanted)
    rows = [Row(each, request.user, request.POST) for each in evidence_of_all(found)]
    if gone := len(set(wanted)) - len(rows):
        messages.info(request, f"有 {gone} 人已经认定过了。")
    do = request.POST.get("do", CHOSEN)
    done: dict[str, int] = {}
    left = []
    for row in rows:
        said = row.judge() if row.is_wanted(do) else ""
        if said:
            done[said] = done.get(said, 0) + 1
        else:
            left.append(row)
    if done:
        messages.success(request, "，".join(f"{said} {count} 人" for said, count in done.items()) + "。")
    if any(row.form.is_touched or row.form.errors for row in left):
        page = Paginator(_claims(request.user), PAGE).get_page(request.GET.get("page"))
        return _page(request, page, left)
    return redirect(request.get_full_path())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _page(request: HttpRequest, page: Any, rows: list[Row]) -> HttpResponse:
    context = {
        "page": page,
        "groups": [
            (whistle, list(group)) for whistle, group in groupby(rows, key=lambda row: row.claim.whistle)
        ],
        "clear": sum(row.is_clear and not row.form.is_touched for row in rows),
        "wrong": sum(bool(row.form.is_bound and row.form.errors) for row in rows),
        "tabs": tabs("desk:crediting", page.paginator.count),
    }
    return render(request, "desk/crediting.html", context)


def tabs(on: str, waiting: int | None) -> list[dict[str, Any]]:
    return [
        {"label": "待认定", "url": reverse("desk:crediting"), "count": waiting, "on": on == "desk:crediting"},
        {"label": "已认定", "url": reverse("desk:judged"), "count": None, "on": on == "desk:judged"},
    ]
