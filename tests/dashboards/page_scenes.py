"""A community at work for the tests of the page, and the page as somebody sees it after a round."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from dashboards import rolling
from ground import clock
from organizations.models import Organization
from organizations.posts import Post
from tests.desk.scenes import MORNING, accept, ask, contact, finish, open_page
from tests.factories import City, Community, a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers import scenes

NOW = MORNING.replace(day=20, hour=12)
MARKED = re.compile(r'<span data-n="([^"]+)" data-place="([^"]+)"([^>]*)>([^<]*)</span>')


def officer_of(city: City) -> Client:
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, city.district)
    return strong_client(officer)


def at_work(community: Community) -> None:
    """A dozen requests of all kinds, this month and the one before."""
    for day in range(1, 13):
        start = datetime(2026, 11 if day > 3 else 10, day, 9, 0, tzinfo=scenes.CHINA)
        each = ask(community, start, text=f"第 {day} 件")
        if day % 4 == 0:
            continue  # nobody looks at it
        accept(each, community, start + timedelta(minutes=20 * day))
        if day % 3:
            contact(each, community, start + timedelta(hours=day))
        if day % 5:
            finish(each, community, start + timedelta(hours=day + 1), stars=day % 6, solved=day % 6 > 2)


def rolled(at: datetime = NOW) -> None:
    """The round of beat at that moment, everything anew."""
    with clock.at(at):
        rolling.rebuild()


def url_of(node: Organization, query: str = "") -> str:
    return f"/dashboards/{node.pk}/{query}"


def page_of(client: Client, node: Organization, query: str = "", at: datetime = NOW) -> str:
    with clock.at(at):
        return open_page(client, url_of(node, query))


def context_of(client: Client, node: Organization, query: str = "", at: datetime = NOW) -> Any:
    with clock.at(at):
        response = client.get(url_of(node, query))
    assert response.status_code == 200, response.status_code
    return response.context


def rows_of(context: Any) -> dict[str, dict[str, Any]]:
    """Line → column → its number."""
    keys = [each["title"] for each in context["table"].headings][1:]
    rows = [*context["table"].rows, context["table"].total]
    return {row.name: dict(zip(keys, (cell.number for cell in row.cells), strict=True)) for row in rows}


def listed(client: Client, url: str, at: datetime = NOW) -> int:
    """How many rows a link leads to."""
    with clock.at(at):
        return len(client.get(url).context["rows"])
