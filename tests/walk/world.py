"""A home community with one of everything, each with a word that nobody else may read; and the people."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from dashboards.models import Pattern, SavedView
from grids.models import Absence, ImportJob
from ground import clock
from notifications.models import Message, Outgoing
from notifications.outbox import say, sweep
from organizations.models import AccessLogEntry, UnitBranch
from organizations.posts import Post
from requests import dispatching, workflow
from requests.models import Category, Hold, ReplyTemplate, SavedFilter
from tests import factories
from tests.grids import marked
from tests.grids.homes import a_resident
from tests.volunteers import scenes
from volunteers.claiming import claims
from volunteers.joining import registry, teams
from volunteers.models import ClaimPhoto, Registration, SummaryJob, Thanks
from volunteers.states import VolunteerKind
from volunteers.whistling import series, usual, whistles

IMPORT_ROUTES = ("import", "import_columns", "import_confirm", "import_cancel", "import_report")
DISPATCH_ROUTES = ("detail", "take")
CLAIM_ROUTES = ("detail", "check-in", "check-out", "contact", "fulfil", "leave", "withdraw")
ROSTER_ROUTES = ("detail", "confirm", "decline", "regrid", "end")
STAFF_WHISTLE_ROUTES = (*("detail", "publish", "cancel", "abort", "copy", "lead", "repeat", "stop", "keep"),)
TEAM_ROUTES = ("detail", "close", "join", "leave", "people", "add", "remove", "name-captain")
CREDITING_ROUTES = ("detail", "attest", "propose", "credit", "refuse", "absent", "correct", "reverse")
#: The word in every text of the home community.
SECRET = "密语"


def a_picture() -> SimpleUploadedFile:
    file = BytesIO()
    Image.new("RGB", (64, 48), "grey").save(file, "JPEG")
    return SimpleUploadedFile("photo.jpg", file.getvalue(), "image/jpeg")


def build() -> SimpleNamespace:
    city = scenes.a_city()
    home = city.home
    category, _ = Category.objects.get_or_create(code="repair", defaults={"name": "维修"})
    resident = factories.a_user(f"周{SECRET}")
    service_request = workflow.submit(
        by=resident,
        category=category,
        title=f"楼道灯{SECRET}",
        text=f"灯坏了{SECRET}",
        building=home.building,
        photos=[a_picture()],
    )
    workflow.accept(service_request, by=home.secretary, track="important")
    dispatch = _a_dispatch(city, service_request)
    soon = clock.now() + timedelta(hours=3)
    whistle = scenes.a_draft(
        home,
        title=f"抢修{SECRET}",
        text=f"带梯子{SECRET}",
        starts_at=soon,
        ends_at=soon + timedelta(hours=1),
        service_request=service_request,
    )
    whistles.publish(whistle, by=home.secretary)
    volunteer = scenes.a_volunteer(city, name=f"王{SECRET}")
    claim = claims.claim(whistle, by=volunteer.user)
    waiting = registry.enrol(
        user=factories.a_user(f"李{SECRET}"), kind=VolunteerKind.VOLUNTEER, district=city.district
    )
    registration = registry.choose(waiting, by=waiting.user, community=home.organization)
    say(to=resident, key="walk", title=f"消息{SECRET}", url="/requests/")
    sweep()
    worker = factories.a_grid_worker(home)
    meanings = _meanings(city, resident, service_request, whistle, claim, registration, volunteer)
    meanings["rows"]["requests_dispatch"] = dispatch
    meanings |= _of_a_summary(home)
    meanings |= _of_lists(home, meanings["rows"])
    meanings |= _of_people(home, volunteer, registration)
    meanings["rows"]["volunteers_team"] = meanings.pop("team")
    meanings |= _of_whistles(home, whistle, meanings["rows"])
    return SimpleNamespace(
        city=city,
        home=home,
        resident=resident,
        service_request=service_request,
        whistle=whistle,
        volunteer=volunteer,
        claim=claim,
        registration=registration,
        worker=worker,
        meanings={**meanings, **_of_dispatches(dispatch)},
        outsiders=_outsiders(city),
    )


def _of_a_summary(home: Any) -> dict[str, Any]:
    days = {"first_day": clock.today(), "last_day": clock.today(), "key": uuid.uuid4()}
    job = SummaryJob.objects.create(
        organization=home.organization, by=home.secretary, sentence=SECRET, state="failed", **days
    )
    return {
        **{f"volunteers:{name}:pk": job.pk for name in ("summary", "summary_download")},
        **{f"v1:summary-{name}:pk": job.pk for name in ("detail", "file")},
    }


def _an_officer(unit: Any) -> Any:
    officer = factories.a_user("承办人")
    factories.appoint(officer, Post.CASE_OFFICER, unit)
    return officer


def _a_dispatch(city: Any, service_request: Any) -> Any:
    unit = factories.a_unit(city)  # a unit of the district is no secret in it
    _an_officer(unit)
    return dispatching.dispatch(service_request, by=city.home.secretary, unit=unit, text=f"去看看{SECRET}")


def _of_lists(home: Any, rows: dict[str, Any]) -> dict[str, Any]:
    """A reply template of the community, and a list that its secretary keeps."""
    said = {"step": "accept", "title": f"常用{SECRET}", "text": f"好的{SECRET}"}
    rows["requests_replytemplate"] = ReplyTemplate.objects.create(organization=home.organization, **said)
    kept = SavedFilter.objects.create(user=home.secretary, page="work", name=SECRET, query="tab=new")
    return {
        "v1:reply-template-detail:pk": rows["requests_replytemplate"].pk,
        "v1:saved-filter-detail:pk": kept.pk,
    }


def _of_people(home: Any, volunteer: Any, registration: Any) -> dict[str, Any]:
    """A service team with the volunteer in it, the registration that waits, and who might be placed."""
    team = teams.found(
        by=home.secretary, organization=home.organization, kind="service", theme="law", name=f"队{SECRET}"
    )
    teams.join(team, by=volunteer.user)
    asked = registration.pk
    return {
        **{f"desk:{name}:pk": asked for name in ("registration", "registration_step")},
        "desk:registration_step:name": "decline",
        "volunteers:registration_step:pk": asked,
        "volunteers:registration_step:step": "drop",
        **{f"v1:registration-{name}:pk": asked for name in ("drop", "end")},
        **{f"v1:community-registration-{name}:pk": asked for name in ROSTER_ROUTES},
        **{f"v1:placing-{name}:pk": volunteer.member.pk for name in ("place", "proposals")},
        "desk:place:pk": volunteer.member.pk,
        **{f"desk:{name}:pk": team.pk for name in ("team", "team_edit", "team_step")},
        "desk:team_step:name": "close",
        **{f"volunteers:{name}:pk": team.pk for name in ("team", "team_step")},
        "volunteers:team_step:step": "join",
        **{f"v1:team-{name}:pk": team.pk for name in TEAM_ROUTES},
        "team": team,
    }


def _of_whistles(home: Any, whistle: Any, rows: dict[str, Any]) -> dict[str, Any]:
    """One's own template, and a series that the community has begun."""
    kept = usual.save(whistle, by=home.secretary, name=f"常用{SECRET}")
    soon = clock.now() + timedelta(days=1)
    first = scenes.a_draft(home, title=f"每周{SECRET}", starts_at=soon, ends_at=soon + timedelta(hours=1))
    until = clock.today() + timedelta(weeks=9)
    rows["volunteers_whistletemplate"] = kept
    rows["volunteers_whistleseries"] = series.begin(first, by=home.secretary, every_weeks=1, until=until)
    return {
        "desk:whistle_edit:pk": first.pk,
        "desk:whistle_usual_retire:pk": kept.pk,
        **{f"v1:staff-whistle-{name}:pk": whistle.pk for name in STAFF_WHISTLE_ROUTES},
        **{f"v1:whistle-template-{name}:pk": kept.pk for name in ("detail", "retire")},
    }


def _of_dispatches(dispatch: Any) -> dict[str, Any]:
    return {
        **{f"desk:{name}:pk": dispatch.pk for name in ("dispatch", "dispatch_step")},
        **{f"v1:dispatch-{name}:pk": dispatch.pk for name in DISPATCH_ROUTES},
        "desk:dispatch_step:name": "sign",
        "v1:dispatch-take:step": "sign",
    }


def _outsiders(city: Any) -> dict[str, Any]:
    """Those who belong to the next community, and the system administrator."""
    return {
        "secretary next door": city.next_door.secretary,
        "grid worker next door": factories.a_grid_worker(city.next_door),
        "member next door": scenes.a_volunteer(city, city.next_door).user,
        "resident next door": factories.a_user("赵邻居"),
        "case officer of another unit": _an_officer(factories.a_unit(city)),
        "system administrator": factories.a_user("管理员", is_administrator=True),
    }


def _meanings(
    city: Any,
    resident: Any,
    service_request: Any,
    whistle: Any,
    claim: Any,
    registration: Any,
    volunteer: Any,
) -> dict[str, Any]:
    message = Message.objects.filter(to=resident).first()
    photo = service_request.photos.get()
    helped = workflow.submit(
        by=city.home.secretary,
        category=service_request.category,
        text=f"雨棚松了{SECRET}",
        building=city.home.building,
        without_phone=f"周{SECRET}",
    )
    rows = _rows(city, service_request, whistle, claim, registration, volunteer)
    home = city.home
    person = a_resident(home, f"钱{SECRET}", by=home.secretary)
    job = ImportJob.objects.create(community=home.organization, by=home.secretary, name=f"{SECRET}.xlsx")
    absence = Absence.objects.create(appointment=home.grid.duties.get().appointment, reason=SECRET)
    return {
        "grids:absence_back:pk": absence.pk,
        **{f"grids:{name}:pk": job.pk for name in IMPORT_ROUTES},
        **{f"grids:{name}:pk": person.pk for name in ("resident", "resident_reveal", "resident_step")},
        **{f"grids:{name}:pk": person.household_id for name in ("household", "household_step")},
        **{f"grids:{name}:pk": person.household.dwelling_id for name in ("dwelling", "dwelling_use")},
        **{f"grids:{name}:pk": person.building_id for name in ("building", "dwelling_new")},
        "grids:resident_step:name": "change",
        "grids:household_step:name": "assess",
        "requests:number": service_request.number,
        "requests:step": "withdraw",
        "requests:photo": photo.pk,
        "requests:receipt:number": helped.number,
        "v1:number": service_request.number,
        "v1:step": "withdraw",
        "v1:photo": photo.pk,
        "v1:whistle-detail:pk": whistle.pk,
        "v1:whistle-claim:pk": whistle.pk,
        "v1:whistle-wait:pk": whistle.pk,
        "v1:whistle-thank:pk": whistle.pk,
        "v1:whistle-code:pk": whistle.pk,
        # One by one: a route that is not named here has no meaning, and the walk says so.
        **{f"v1:claim-{what}:pk": claim.pk for what in CLAIM_ROUTES},
        "desk:number": service_request.number,
        "desk:name": "resolve",
        "desk:unsave:pk": SavedFilter.objects.create(
            user=home.secretary, page="work", name=f"常用{SECRET}", query="tab=new"
        ).pk,
        "desk:bulk_result:key": uuid.uuid4(),
        "desk:whistle:pk": whistle.pk,
        "desk:whistle_step:pk": whistle.pk,
        "desk:whistle_step:name": "cancel",
        **{f"desk:{name}:pk": claim.pk for name in ("judge", "attest", "propose")},
        "desk:judge:name": "reverse",
        **{f"v1:crediting-{name}:pk": claim.pk for name in CREDITING_ROUTES},
        "desk:confirm:pk": registration.pk,
        "volunteers:whistle:pk": whistle.pk,
        "volunteers:claim_whistle:pk": whistle.pk,
        "volunteers:wait:pk": whistle.pk,
        "volunteers:onsite:pk": whistle.pk,
        "volunteers:check_in_by_code:whistle": whistle.pk,
        "volunteers:check_in_by_code:code": "ABCDEFGH",
        "volunteers:claim_photo:pk": claim.pk,
        "volunteers:claim_photo:photo": ClaimPhoto.objects.create(claim=claim, width=4, height=3).pk,
        "volunteers:thank:pk": whistle.pk,
        "volunteers:claim:pk": claim.pk,
        "volunteers:claim_calendar:pk": claim.pk,
        "volunteers:claim_step:pk": claim.pk,
        "volunteers:claim_step:step": "withdraw",
        "dashboards:pk": home.organization.pk,
        **_saved_view(home),
        **_a_pattern(home, service_request.category, rows),
        "notifications:pk": message.pk,
        "v1:message-read:pk": message.pk,
        **_registry_routes(rows),
        "rows": rows,
    }


def _a_pattern(home: Any, category: Any, rows: dict[str, Any]) -> dict[str, Any]:
    """What was asked for again and again, and why the community files nothing."""
    now, building = clock.now(), home.building
    place = {name: getattr(building, name) for name in ("district", "street", "community", "grid")}
    moments = {"first_at": now, "last_at": now, "decided_at": now}
    row = Pattern.objects.create(
        building=building, category=category, count=4, people=2, weeks=2, state="dismissed", reason=f"已排{SECRET}",
        decided_by=home.secretary, **place, **moments,
    )  # fmt: skip
    rows["dashboards_pattern"] = row
    return {
        **{f"dashboards:{name}:pk": row.pk for name in ("pattern", "file_pattern", "dismiss_pattern")},
        **{f"v1:pattern-{name}:pk": row.pk for name in ("detail", "file", "dismiss")},
    }


def _saved_view(home: Any) -> dict[str, Any]:
    """A dashboard that the secretary keeps, of a node that an outsider does not see either."""
    view = SavedView.objects.create(user=home.secretary, organization=home.organization, name=f"常看{SECRET}")
    pages = ("open_view", "rename_view", "remove_view", "weekly_view")
    return {
        **{f"dashboards:{page}:pk": view.pk for page in pages},
        "v1:dashboard-view-detail:pk": view.pk,
        "v1:dashboard-detail:pk": home.organization.pk,
    }


#: Detail routes of the registry's API, besides "detail" itself, and the desk's pages of one row.
CALLS = {
    "grid": (),
    "compound": (),
    "building": (),
    "dwelling": ("use",),
    "household": ("assess", "contact", "contact-choices"),
    "resident": (
        *("move", "leave", "come-back", "link", "unlink", "erase", "reveal", "twins", "merge"),
        "not-the-same",
    ),
    "careassessment": (),
    "importjob": ("confirm", "cancel", "findings"),
    "gridduty": ("end",),
    "absence": ("come-back",),
}
#: Basenames of the router, where they are not the name of the model.
BASES = {"careassessment": "care", "importjob": "import", "gridduty": "grid-duty"}
PAGES = {
    "resident": ("resident", "resident_reveal", "resident_step"),
    "household": ("household", "household_step"),
    "dwelling": ("dwelling", "dwelling_use"),
    "building": ("building", "dwelling_new"),
    "absence": ("absence_back",),
    "importjob": ("import", "import_columns", "import_confirm", "import_cancel", "import_report"),
}


def _registry_routes(rows: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"grids:resident_step:name": "leave", "grids:household_step:name": "assess"}
    for name, more in CALLS.items():
        base = BASES.get(name, name)
        for call in ("detail", *more):
            found[f"v1:{base}-{call}:pk"] = rows[f"grids_{name}"].pk
    for name, pages in PAGES.items():
        for page in pages:
            found[f"grids:{page}:pk"] = rows[f"grids_{name}"].pk
    return found


def _rows(
    city: Any, service_request: Any, whistle: Any, claim: Any, registration: Any, volunteer: Any
) -> dict[str, Any]:
    """One row per model of the registry, all of the home community."""
    home = city.home
    unit = factories.a_unit(city, f"单位{SECRET}")
    unit.place_under(home.organization)
    unit.save()
    branch = UnitBranch.objects.create(unit=unit, name=f"支部{SECRET}")
    log = AccessLogEntry.objects.create(
        by=home.secretary,
        action="reveal",
        subject=f"requests.servicerequest:{service_request.pk}",
        field="phone",
        reason=f"回访{SECRET}",
        organization=home.organization,
    )
    Hold.objects.create(service_request=service_request, key="walk", label="等")
    liaison = factories.a_user("联络员")
    appointment = factories.appoint(liaison, Post.COMMUNITY_WORKER, home.organization)
    if not home.grid.duties.exists():
        factories.a_grid_worker(home)
    return {
        **marked.rows_of(city, SECRET),
        "organizations_organization": home.organization,
        "organizations_unitbranch": branch,
        "organizations_unit": unit,
        "organizations_member": volunteer.member,
        "organizations_appointment": appointment,
        "organizations_accesslogentry": log,
        "requests_servicerequest": service_request,
        "volunteers_volunteer": volunteer,
        "volunteers_registration": Registration.objects.get(pk=registration.pk),
        "volunteers_whistle": whistle,
        "volunteers_claim": claim,
        "volunteers_thanks": Thanks.objects.create(
            whistle=whistle, by=service_request.submitter, words=f"谢谢{SECRET}"
        ),
        "volunteers_ledgerentry": scenes.credited(
            home, volunteer, starts_at=clock.now() - timedelta(days=2)
        ).entries.get(),
        "volunteers_servicebalance": volunteer.balances.first(),  # the entry above has left it
        "notifications_outgoing": Outgoing.objects.first(),
    }
