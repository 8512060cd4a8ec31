"""存为常用: the lists that somebody opens again and again, each under a name of his own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from desk.searching import FILTERS
from ground.errors import RuleViolation
from ground.steps import lock_row
from requests.models import SavedFilter

#: Which pages can be kept, and where they are.
PAGES = {"work": "desk:work", "requests": "desk:requests"}
#: More than these are not found again.
MOST = 10
#: As long as the column of `SavedFilter.query`.
LONGEST = 300
_KEPT = ("tab", *FILTERS, "which", "within", "handler", "from", "to")


class SaveForm(forms.Form):
    """`query` is the part of the address after the question mark; the view keeps only what a list knows."""

    page = forms.ChoiceField(choices=[(name, name) for name in PAGES], widget=forms.HiddenInput)
    query = forms.CharField(max_length=1000, widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label="起个名字", max_length=20, error_messages={"required": "请起个名字，最多 20 个字。"}
    )


def cleaned(query: str) -> str:
    """Only the names that the lists know, each once, in one order: two equal lists read the same."""
    given = QueryDict(query.lstrip("?")[:1000])
    return urlencode({name: value for name in _KEPT if (value := given.get(name, "").strip()[:60])})


def save(*, by: Any, page: str, query: str, name: str) -> SavedFilter:
    """Keep a list under a name. Raises RuleViolation: nothing to keep, the name or the list is there, too many."""
    kept, called = cleaned(query), name.strip()
    if not kept:
        raise RuleViolation("先选一个分类或筛选条件，再存为常用。", field="name")
    if len(kept) > LONGEST:
        raise RuleViolation("条件太长，存不下，请去掉一些。", field="name")
    with transaction.atomic():
        lock_row(by)  # two windows at once: one after the other
        there = list(SavedFilter.objects.filter(user=by, page=page))
        if any(each.name == called for each in there):
            raise RuleViolation(f"已有叫“{called}”的常用筛选，请换个名字。", field="name")
        if same := next((each for each in there if each.query == kept), None):
            raise RuleViolation(f"同样的条件已经存为“{same.name}”。", field="name")
        if len(there) >= MOST:
            raise RuleViolation(f"最多存 {MOST} 个常用筛选，请先删掉不用的。", field="name")
        return SavedFilter.objects.create(user=by, page=page, name=called, query=kept)


def shown(request: HttpRequest, page: str, **kept: str) -> dict[str, Any]:
    """The context of `desk/_saved.html`: the kept lists, and what would be kept now. One query."""
    given = request.GET.copy()
    for name, value in kept.items():
        given[name] = value
    now = cleaned(given.urlencode())
    url = reverse(PAGES[page])
    rows = SavedFilter.objects.filter(user=request.user.pk, page=page)
    return {
        "page": page,
        "query": now,
        "rows": [
            {"pk": row.pk, "name": row.name, "url": f"{url}?{row.query}", "on": row.query == now}
            for row in rows
        ],
    }


def address_of(page: str, query: str) -> str:
    """The list with that query: always one of ours, whatever was posted."""
    kept = cleaned(query)
    return reverse(PAGES[page]) + (f"?{kept}" if kept else "")
