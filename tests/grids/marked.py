"""One of everything that the registry holds about people, in one community, under words that nobody else may read."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from grids.models import (
    Absence,
    CareAssessment,
    Home,
    Household,
    ImportFinding,
    ImportJob,
    NotTheSame,
    Resident,
    SpecialGroup,
    TerritoryPolicy,
)
from ground import clock
from tests.factories import City, a_member
from tests.grids.people import a_document, a_household, a_resident


def rows_of(city: City, word: str, **person: Any) -> dict[str, Model]:
    """Admin label → row; `word` stands in whatever is text. `person`: number and telephone, where they matter."""
    home = city.home
    group, _ = SpecialGroup.objects.get_or_create(name="独居老人", defaults={"purpose": "定期探访"})
    household = a_household(home.building)
    resident = a_resident(household, f"欧阳{word}", groups=[group], **person)
    twin = a_resident(household, f"欧阳{word}", document_kind="none", document_number="", phone="")
    NotTheSame.objects.create(first=resident, second=a_resident(household, f"司马{word}"))
    care = CareAssessment.objects.create(household=household, level="red", reason=word, by=home.secretary)
    member = a_member(city, name=f"诸葛{word}")
    Household.objects.filter(pk=household.pk).update(
        care_level="red", care_days=7, care_review_on=clock.today(), contact_member=member
    )
    household.refresh_from_db()
    appointment = home.grid.duties.get(part="A").appointment
    return {
        "grids_careassessment": care,
        "grids_compound": home.compound,
        "grids_building": home.building,
        "grids_dwelling": household.dwelling,
        "grids_household": household,
        "grids_resident": resident,
        "twin": twin,
        "group": group,
        "member": member,
        "grids_home": Home.objects.create(member=member, building=home.building),
        "grids_importjob": _a_job(city, resident, word),
        "grids_absence": Absence.objects.create(appointment=appointment, reason=word),
        "grids_gridduty": home.grid.duties.get(part="A"),
        "grids_grid": home.grid,
        "grids_territorypolicy": TerritoryPolicy.objects.create(
            district=city.district, signed_by=home.secretary
        ),
        "grids_specialgroup": group,
    }


def _a_job(city: City, resident: Resident, word: str) -> ImportJob:
    job = ImportJob.objects.create(
        community=city.home.organization,
        by=city.home.secretary,
        name=f"{word}.xlsx",
        state=ImportJob.State.CHECKED,
        sentence=word,
        counts={"rows": 1, "bad": 1},
    )
    ImportFinding.objects.create(
        job=job, resident=resident, kind="bad", sheet=word, row=2, column="姓名", value=word, sentence=word
    )
    return job


def another_number() -> str:
    """A number that is registered nowhere."""
    return a_document()
