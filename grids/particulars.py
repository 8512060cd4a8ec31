"""What is asked about a person, checked in one place: for forms, the API and imports alike (issue "checks").

Birth date and sex come from the document where it tells them, and are asked only where it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from grids.models import Resident
from ground import clock, identity
from ground.errors import RuleViolation
from ground.fields import blind_index, phone_index
from ground.identity import BadDocument, BadTelephone, DocumentKind, Sex
from ground.names import initials_of, name_fault, name_key, normal_name

#: Purpose of the keyed index; the same in the whole city, so that a person who moves is found again.
DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Particulars:
    """As given. `document_number` and `phone`: "" is none, None keeps what is stored (changes only)."""

    name: str
    document_kind: str = DocumentKind.RESIDENT_ID
    document_number: str | None = ""
    phone: str | None = ""
    birth_date: date | None = None
    sex: str = ""
    relation: str = Resident.Relation.OTHER
    residence: str = Resident.Residence.REGISTERED


class Fault(NamedTuple):
    """`code` names the kind of fault: one of `ground.identity.FAULTS`, name_missing, name, phone, birth_date,
    birth_future, birth_too_old, sex, list. `sentence` says what to do and holds no value."""

    code: str
    sentence: str


def document_index(number: str) -> str:
    """The keyed index of a normalised document number; "" for none."""
    return blind_index(number, DOCUMENT) if number else ""


#: What is chosen from a list must be on the list: programs send anything.
_LISTS: Final = {
    "document_kind": frozenset(DocumentKind.values),
    "sex": frozenset(["", *Sex.values]),
    "relation": frozenset(Resident.Relation.values),
    "residence": frozenset(Resident.Residence.values),
}


def checked(given: Particulars, *, today: date | None = None) -> tuple[Particulars, dict[str, str]]:
    """Normalised particulars with what the document tells, and field → sentence for every fault (no values in it)."""
    given, faults = examined(given, today=today or clock.today())
    return given, {field: fault.sentence for field, fault in faults.items()}


def examined(given: Particulars, *, today: date) -> tuple[Particulars, dict[str, Fault]]:
    """The same with the kind of every fault, for whoever counts them."""
    faults: dict[str, Fault] = {}
    name = normal_name(given.name)
    if sentence := name_fault(name):
        faults["name"] = Fault("name" if name else "name_missing", sentence)
    if name != given.name:
        given = replace(given, name=name)
    _look_up(given, faults)
    if given.document_number is not None and "document_kind" not in faults:
        given = _with_document(given, today, faults)
    if given.phone:
        try:
            given = replace(given, phone=identity.normal_telephone(given.phone))
        except BadTelephone as bad:
            faults["phone"] = Fault("phone", bad.sentence)
    if given.birth_date and given.birth_date > today:
        faults.setdefault("birth_date", Fault("birth_future", "出生日期在今天之后，请更正。"))
    if given.birth_date and given.birth_date.year < identity.OLDEST_YEAR:
        sentence = f"出生日期早于 {identity.OLDEST_YEAR} 年，请更正。"
        faults.setdefault("birth_date", Fault("birth_too_old", sentence))
    return given, faults


def _look_up(given: Particulars, faults: dict[str, Fault]) -> None:
    for field, allowed in _LISTS.items():
        if getattr(given, field) not in allowed:
            faults[field] = Fault("list", "请从列表里选择。")


def _with_document(given: Particulars, today: date, faults: dict[str, Fault]) -> Particulars:
    try:
        facts = identity.check(DocumentKind(given.document_kind), given.document_number or "", today=today)
    except BadDocument as bad:
        faults["document_number"] = Fault(bad.code, bad.sentence)
        return given
    if facts.birth_date and given.birth_date and given.birth_date != facts.birth_date:
        faults["birth_date"] = Fault("birth_date", "出生日期和证件上的不一致，请核对；有身份证时可以不填。")
    if facts.sex and given.sex and given.sex != facts.sex:
        faults["sex"] = Fault("sex", "性别和证件上的不一致，请核对；有身份证时可以不填。")
    return replace(
        given,
        document_number=facts.number,
        birth_date=facts.birth_date or given.birth_date,
        sex=facts.sex or given.sex,
    )


def with_kept_document(given: Particulars, resident: Resident) -> Particulars:
    """The stored document stays. What it tells is not compared with what was given: an answer to that would let
    anybody try out the birthday, which is the rest of a masked number."""
    kind, number = resident.document_kind, resident.document_number
    given = replace(given, document_kind=kind, document_number=number)
    try:
        facts = identity.check(DocumentKind(kind), number, today=clock.today())
    except BadDocument:
        return given  # no key opens it: refused like any other faulty number
    return replace(
        given,
        birth_date=None if facts.birth_date else given.birth_date,
        sex="" if facts.sex else given.sex,
    )


def required(given: Particulars) -> Particulars:
    """`checked`, or RuleViolation with the first fault at its field."""
    given, faults = checked(given)
    for field, sentence in faults.items():
        raise RuleViolation(sentence, field=field)
    return given


def write_to(resident: Resident, given: Particulars) -> None:
    """Put checked particulars into a row, with its keys and indexes. Does not save."""
    resident.name, resident.name_key = given.name, name_key(given.name)
    resident.initials = initials_of(given.name)
    resident.relation, resident.residence = given.relation, given.residence
    if given.document_number is not None:
        resident.document_kind = given.document_kind
        resident.document_number = given.document_number
        resident.document_index = document_index(given.document_number)
        resident.birth_date, resident.sex = given.birth_date, given.sex
    if given.phone is not None:
        resident.phone = given.phone
        resident.phone_index = phone_index(given.phone) if given.phone else ""
