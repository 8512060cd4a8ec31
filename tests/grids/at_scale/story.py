"""A day in the office on which numbers of people are typed wherever a number can be typed.

Everything goes through pages, the registry and the API, as browsers would send it. What was typed is kept, so that
the database, the files and the logs of the day can be searched for it.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from grids.models import Dwelling, Household, ImportJob, Resident
from ground import clock
from ground.identity import check_sign
from ground.sheets import BookWriter, Column
from notifications.outbox import sweep
from tests.factories import Community
from tests.grids.people import a_household
from tests.grids.population import PHONES, REGION
from tests.signing_in import strong_client

_numbers = count(1)
TITLES = ("楼栋编码", "房号", "姓名", "证件号码", "手机号", "与户主关系")
NAME = "欧阳春晓"


def a_document() -> str:
    """Of somebody whom `tests.grids.population` does not know: orders from 900 on are free."""
    number = next(_numbers)
    stem = f"{REGION}{date(1957, 3, 1) + timedelta(days=number * 37):%Y%m%d}{900 + number % 100}"
    return stem + check_sign(stem)


def a_phone() -> str:
    return str(PHONES + 9000 + next(_numbers))


def spaced(number: str) -> str:
    return f"{number[:3]} {number[3:7]} {number[7:]}"


def wide(number: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in number)


@dataclass
class Day:
    """`typed`: every number that was typed. `logged`: what the loggers wrote, as they write it."""

    community: Community
    typed: list[str] = field(default_factory=list)
    logged: str = ""

    def __post_init__(self) -> None:
        self.client: Client = strong_client(self.community.secretary)
        self.home: Household = a_household(self.community.building)

    def document(self) -> str:
        self.typed.append(a_document())
        return self.typed[-1]

    def phone(self) -> str:
        self.typed.append(a_phone())
        return self.typed[-1]

    def post(self, address: str, data: Any, status: int = 302, **extra: Any) -> Any:
        answer = self.client.post(address, data, **extra)
        assert answer.status_code == status, (address, answer.status_code, _errors(answer))
        return answer

    def api(self, address: str, data: dict[str, Any], status: int, method: str = "post") -> Any:
        send = getattr(self.client, method)
        answer = send(f"/api/v1/residents/{address}", data, content_type="application/json")
        assert answer.status_code == status, (address, answer.status_code, answer.content.decode())
        return answer.json()

    def person(self, **changes: Any) -> dict[str, Any]:
        """The fields of a form or a call that registers somebody."""
        plain = {
            "name": NAME,
            "document_kind": "id",
            "document_number": self.document(),
            "phone": self.phone(),
            "relation": "other",
            "residence": "registered",
        }
        return plain | changes

    def of(self, document: str) -> Resident:
        """Somebody by number, opened row by row: the index is a matter of the code under test."""
        rows = Resident.objects.filter(name=NAME).order_by("-pk")[:100]
        return next(row for row in rows if row.document_number == document)


def _errors(answer: Any) -> Any:
    context = getattr(answer, "context", None)
    form = context.get("form") if context else None
    return form.errors if form is not None and hasattr(form, "errors") else answer.content[:500]


def live(community: Community) -> Day:
    """Play the day in a community, at eleven last night, when everything is unusual and others are told of it.
    Asserts that each thing was really done or really refused."""
    day, last_night = Day(community), clock.midnight(clock.today()) - timedelta(hours=1)
    with clock.at(last_night), _listening() as written:
        resident = _register(day)
        _search(day, resident)
        _reveal(day, resident)
        _change(day, resident)
        _over_the_api(day)
        _in_the_registry(day)
        _import(day)
        _export(day)
        _sign_in(day)
        sweep()
    day.logged = written.getvalue()
    return day


@contextmanager
def _listening() -> Iterator[io.StringIO]:
    """Everything from INFO up, through the formatter of the console, which is the only one."""
    root, stream = logging.getLogger(), io.StringIO()
    console = next(each for each in root.handlers if type(each) is logging.StreamHandler)
    aside = logging.StreamHandler(stream)
    aside.setFormatter(console.formatter)
    root.addHandler(aside)
    try:
        yield stream
    finally:
        root.removeHandler(aside)


def _register(day: Day) -> Resident:
    new = f"{reverse('grids:resident_new')}?household={day.home.pk}"
    given = day.person()
    typed = {"document_number": spaced(given["document_number"]), "phone": wide(given["phone"])}
    day.post(new, given | typed)
    day.post(new, day.person(document_number=given["document_number"]), 200)  # twice the same card
    for wrong in (
        {"document_number": day.document()[:-1]},
        {"document_number": day.document()[:-1] + "?"},
        {"phone": day.phone() + "/" + day.phone()},
        {"name": day.phone()},
        {"document_kind": "none"},
        {"birth_date": "1950-01-01"},
        {"relation": day.phone()},
    ):
        day.post(new, day.person(**wrong), 200)
    return day.of(given["document_number"])


def _search(day: Day, resident: Resident) -> None:
    search, number, phone = reverse("grids:residents_search"), resident.document_number, resident.phone
    for words in (number, phone, spaced(phone), wide(number), number.lower()):
        answer = day.post(search, {"words": words}, 200, follow=True)
        assert resident in answer.context["people"], words
    for words in (day.document(), day.phone(), wide(day.phone())):
        answer = day.post(search, {"words": words}, 200, follow=True)
        assert answer.context["people"] == []


def _reveal(day: Day, resident: Resident) -> None:
    url = reverse("grids:resident_reveal", args=[resident.pk])
    number, phone = resident.document_number, resident.phone
    reasons = [
        f"电话{phone}核对",
        f"证件 {number} 办津贴",
        f"打 {spaced(phone)} 没人接",
        f"号码{wide(number)}",
    ]
    reasons += [
        f"{number[:6]} {number[6:14]} {number[14:]} 是不是他",
        f"+86-{phone[:3]}-{phone[3:7]}-{phone[7:]} 停机",
    ]
    for field_name in ("document_number", "phone"):
        for reason in reasons:
            page = day.post(url, {"field": field_name, "reason": reason}, 200).content.decode()
            assert getattr(resident, field_name) in page
    day.post(url, {"field": "phone", "reason": ""}, 200)
    day.post(url, {"field": phone, "reason": number}, 404)


def _change(day: Day, resident: Resident) -> None:
    def step(name: str) -> str:
        return reverse("grids:resident_step", args=[resident.pk, name])

    changed = day.person()
    day.post(step("change"), changed)
    day.post(step("change"), changed | {"phone": wide(day.phone()), "document_number": ""})
    day.post(step("change"), changed | {"document_number": day.document()[:-2] + "00"}, 200)
    day.post(step("leave"), {"on": "2026-01-05", "why": f"搬到女儿家，电话 {spaced(day.phone())}"})
    back = {"building": day.community.building.pk, "door": day.home.dwelling.door, "relation": "other"}
    day.post(step("return"), back)
    assess = reverse("grids:household_step", args=[day.home.pk, "assess"])
    day.post(assess, {"level": "red", "reason": f"独居，紧急时打 {day.phone()}"})
    gone = day.person()
    day.post(f"{reverse('grids:resident_new')}?household={day.home.pk}", gone)
    erased = day.of(gone["document_number"])
    erase = reverse("grids:resident_step", args=[erased.pk, "erase"])
    day.post(erase, {"reason": f"本人 {gone['document_number']} 书面申请，电话 {gone['phone']}"})


def _over_the_api(day: Day) -> None:
    made = day.api("", day.person(household=day.home.pk), 201)
    key = f"{made['id']}/"
    day.api("", day.person(household=day.home.pk, document_number=day.document()[:-1]), 409)
    day.api("", day.person(household=day.home.pk, relation=day.document()), 400)
    day.api(key, {"phone": spaced(day.phone())}, 200, "patch")
    number = Resident.objects.get(pk=made["id"]).document_number
    assert day.api("search/", {"words": number}, 200)["results"]
    day.api("search/", {"words": day.document()}, 200)
    reason = f"回访 {day.phone()}，证件{wide(number)}"
    assert day.api(f"{key}reveal/", {"field": "document_number", "reason": reason}, 200)["value"] == number
    day.api(f"{key}leave/", {"why": f"打 {day.phone()} 说走了"}, 200)
    _twins(day)


def _twins(day: Day) -> None:
    """One without a document who may be the one with."""
    known = day.person(household=day.home.pk)
    day.api("", known, 201)
    day.api("", known | {"document_kind": "none", "document_number": ""}, 201)


def _in_the_registry(day: Day) -> None:
    add = reverse("admin:grids_resident_add")
    given = day.person(household=day.home.pk)
    day.post(add, given)
    day.post(add, day.person(household=day.home.pk, document_number=day.document()[:-1]), 200)
    resident = day.of(given["document_number"])
    for verb, data, status in (
        ("change", {**day.person(), "phone": wide(day.phone())}, 302),
        ("leave", {"on": "2026-02-03", "why": f"电话{wide(day.phone())}"}, 302),
        ("erase", {"reason": f"他本人 {day.document()} 申请"}, 302),
    ):
        day.post(reverse("admin:grids_resident_verb", args=[resident.pk, verb]), data, status)


def _export(day: Day) -> None:
    url = reverse("grids:residents_export") + f"?building={day.community.building.pk}"
    reason = f"街道核对，找 {spaced(day.phone())} 的老李"
    for whole in ("", "1"):
        answer = day.post(url, {"reason": reason, "whole": whole}, 200)
        assert answer.headers["Content-Type"].startswith("application/vnd.openxml"), _errors(answer)
    day.post(url, {"reason": ""}, 200)


def _sign_in(day: Day) -> None:
    """A resident asks for a code, and somebody guesses a password."""
    phone = day.phone()
    anybody = Client()
    anybody.post(reverse("accounts:sign_in"), {"phone": spaced(phone)})
    anybody.post(reverse("accounts:code"), {"code": "000000"})
    anybody.post(reverse("accounts:password"), {"phone": phone, "password": day.document()})


# Sheets


def _book(day: Day, rows: list[list[str]], *, titles: tuple[str, ...] = TITLES, sheet: str = "居民") -> bytes:
    with BookWriter() as book:
        book.table(sheet, [Column(title, as_text=True) for title in titles], rows)
    return book.content()


def _row(day: Day, door: str, **changes: str) -> list[str]:
    plain = {
        "code": day.community.building.code,
        "door": door,
        "name": NAME,
        "number": day.document(),
        "phone": day.phone(),
        "relation": "其他",
    }
    return list((plain | changes).values())


def _import(day: Day) -> None:
    """One sheet is loaded but for its bad rows, one waits for a decision, of one nobody knows the columns."""
    good = [_row(day, f"9{number:02d}") for number in range(5)]
    bad = [
        _row(day, "911", number=day.document()[:-1]),
        _row(day, "912", phone=day.phone() + "、" + day.phone()),
        _row(day, "913", name=day.phone()),
        _row(day, "914", relation=day.phone()),
        _row(day, day.phone()),
        _row(day, "916", code=day.document()),
    ]
    done = _uploaded(day, _book(day, good + bad), f"{day.phone()} 王主任的表.xlsx")
    assert done.state == ImportJob.State.CHECKED and done.counts["bad"] >= 5, (done.state, done.counts)
    day.post(reverse("grids:import_confirm", args=[done.pk]), {"good_rows_only": "on"})
    done.refresh_from_db()
    assert done.state == ImportJob.State.DONE, done.sentence
    assert Dwelling.objects.filter(building=day.community.building, door="904").exists()
    waiting = _uploaded(day, _book(day, [_row(day, "920"), *bad], sheet=day.phone()), "第二张.xlsx")
    assert waiting.state == ImportJob.State.CHECKED and waiting.file
    odd = _book(day, [_row(day, "931"), _row(day, "932")], titles=tuple(_row(day, "930")))
    unknown = _uploaded(day, odd, "没有表头.xlsx")
    csv = "\n".join(",".join(row) for row in (list(TITLES), _row(day, "941"), _row(day, "942", number="x")))
    _uploaded(day, csv.encode("gbk"), "一张.csv")
    for job in (done, waiting, unknown):
        for name in ("import", "import_columns", "import_report"):
            answer = day.client.get(reverse(f"grids:{name}", args=[job.pk]))
            assert answer.status_code in (200, 302)


def _uploaded(day: Day, content: bytes, name: str) -> ImportJob:
    answer = day.post(reverse("grids:imports"), {"file": SimpleUploadedFile(name, content)})
    return ImportJob.objects.get(pk=answer.url.rstrip("/").rpartition("/")[2])
