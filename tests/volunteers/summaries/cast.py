"""Who asks for summaries, about which day, and where the files lie."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ground import clock
from organizations.models import Appointment
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.volunteers.summary_scenes import asked
from volunteers.models import SummaryJob

State = SummaryJob.State
PAGE, API = "/desk/summaries/", "/api/v1/summaries/"
DAY = date(2026, 11, 20)
WHY = "年度考核核对"


def an_officer(place: Any = None) -> Any:
    user = a_user("上级")
    appoint(user, Post.OFFICER, place)
    return user


def ask_home(city: Any, **more: Any) -> SummaryJob:
    return asked(city.home.secretary, city.home.organization, DAY, DAY, **more)


def end_posts(user: Any) -> None:
    Appointment.objects.filter(user=user).update(ends_on=clock.today() - timedelta(days=1))


def files() -> list[Path]:
    folder = Path(SummaryJob._meta.get_field("file").storage.path("summaries"))
    return sorted(folder.iterdir()) if folder.exists() else []
