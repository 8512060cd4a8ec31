"""Scenes of the import's pages: sheets, jobs that were checked, pages that no cache keeps."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from grids.importing import jobs
from grids.models import Building, ImportFinding, ImportJob, Resident
from ground.sheets import BookWriter, Column
from tests.factories import City
from tests.grids.people import a_document, a_phone

LIST = "/desk/imports/"
TITLES = ("楼栋编码", "房号", "姓名", "证件号码", "手机号", "与户主关系")


def a_row(building: Building, door: str, name: str, number: str = "", **changes: str) -> dict[str, str]:
    plain = {"楼栋编码": building.code, "房号": door, "姓名": name, "证件号码": number or a_document()}
    return {**plain, "手机号": a_phone(), "与户主关系": "户主", **changes}


def rows_of(building: Building, count: int = 3) -> list[dict[str, str]]:
    return [a_row(building, f"{101 + number}", f"陈小{'明红亮强'[number % 4]}") for number in range(count)]


def a_book(rows: Iterable[dict[str, str]], titles: Iterable[str] = TITLES) -> bytes:
    titles = list(titles)
    with BookWriter() as book:
        columns = [Column(title, as_text=True) for title in titles]
        book.table("居民", columns, [list(row.values()) for row in rows])
    return book.content()


def a_file(content: bytes, name: str = "居民台账.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def checked(city: City, rows: list[dict[str, str]], titles: Iterable[str] = TITLES) -> ImportJob:
    """A job of the home community that a worker has looked at."""
    content = a_book(rows, titles)
    home = city.home
    job = jobs.begin(
        by=home.secretary,
        community=home.organization,
        content=content,
        name="台账.xlsx",
        is_handed_over=False,
    )
    jobs.check(job.pk)
    job.refresh_from_db()
    return job


def a_checked_job(city: City, **counts: int) -> ImportJob:
    """Only what the pages look at, for pages that tell of many findings."""
    return ImportJob.objects.create(
        community=city.home.organization,
        by=city.home.secretary,
        name="大表.xlsx",
        state=ImportJob.State.CHECKED,
        counts=counts,
    )


def findings(job: ImportJob, kind: str, count: int, resident: Resident | None = None) -> None:
    """So many, each of a row of its own."""
    rows = [
        ImportFinding(
            job=job,
            kind=kind,
            sheet="居民",
            row=number + 2,
            column="手机号",
            sentence="要改。",
            resident=resident,
        )
        for number in range(count)
    ]
    ImportFinding.objects.bulk_create(rows)


def url(name: str, job: ImportJob) -> str:
    return reverse(f"grids:{name}", args=[job.pk])


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()
