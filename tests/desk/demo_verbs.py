"""Lives a life of the demo's history through the verbs of the platform, deed by deed, under the clock of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from desk.demo.history.lives import Deed, Life, Sending
from desk.demo.pictures import picture
from ground import clock
from ground.clock import day_of
from requests import afterwards, asking_back, consents, dispatching, tiers, workflow
from requests.models import Dispatch, ServiceRequest


def by_the_verbs(life: Life) -> ServiceRequest:
    """The request that comes of it. A verb that refuses a deed is the test's failure."""
    row: list[ServiceRequest] = []
    sent: dict[Sending, Dispatch] = {}
    for deed, sending in _in_order(life):
        with clock.at(deed.at):
            if sending is not None:
                _of_dispatch(sent[sending], deed)
            elif deed.step == "submit":
                row.append(_submit(life, deed))
            elif deed.step == "dispatch":
                sent[deed.codes["dispatch"]] = _dispatch(row[0], deed)
            else:
                _take(row[0], deed)
    row[0].refresh_from_db()
    return row[0]


def _in_order(life: Life) -> list[tuple[Deed, Sending | None]]:
    """ "send" is a part of "dispatch"; the contact of a unit marks that of the request too."""
    own = [(deed, None) for deed in life.deeds if not (deed.step == "contact" and "dispatch" in deed.codes)]
    below = [(deed, each) for each in life.sendings for deed in each.deeds if deed.step != "send"]
    return sorted([*own, *below], key=lambda pair: pair[0].at)


def _submit(life: Life, deed: Deed) -> ServiceRequest:
    filed = {} if deed.by == life.submitter else {"on_behalf_of": life.submitter}
    return workflow.submit(
        by=deed.by, category=life.category, title=life.title, text=life.text, building=life.house,
        address=life.address, shares_phone=life.shares_phone, **filed,
    )  # fmt: skip


def _dispatch(row: ServiceRequest, deed: Deed) -> Dispatch:
    sending: Sending = deed.codes["dispatch"]
    return dispatching.dispatch(
        row, by=deed.by, unit=sending.unit, text=sending.text, grade=sending.grade,
        answer_by=day_of(sending.answer_due),
    )  # fmt: skip


def _of_dispatch(sent: Dispatch, deed: Deed) -> None:
    given: dict[str, Any] = dict(deed.codes)
    if deed.step in ("give_back", "reject"):
        given["reason"] = deed.words
    if deed.step == "answer":
        given["text"] = deed.words
    if again := given.pop("again", ""):
        given["answer_by"] = day_of(datetime.fromisoformat(again))
    dispatching.VERBS[deed.step](sent, by=deed.by, **given)


def _take(row: ServiceRequest, deed: Deed) -> None:
    by, said, codes = deed.by, deed.words, deed.codes
    scenes = [picture(deed.scene, mended=True)] if deed.scene else []
    if deed.step == "lapse":
        afterwards.lapse(row)
    elif deed.step == "handle":
        workflow.handle(row, by=by, responsible=by)
    elif deed.step == "resolve":
        workflow.resolve(row, by=by, outcome=codes["outcome"], text=said, photos=scenes)
    elif deed.step == "extend":
        consents.extend(row, by=by, new_due=day_of(datetime.fromisoformat(codes["new_due"])), reason=said)
    else:
        _VERBS[deed.step](row, by, said, codes)


_VERBS: dict[str, Any] = {
    "accept": lambda row, by, said, codes: workflow.accept(row, by=by, track=codes["track"]),
    "contact": lambda row, by, said, codes: workflow.contact(row, by=by, how=codes["how"]),
    "decline": lambda row, by, said, codes: workflow.decline(row, by=by, reason=said),
    "object": lambda row, by, said, codes: afterwards.object_to(row, by=by, reason=said),
    "withdraw": lambda row, by, said, codes: workflow.withdraw(row, by=by, reason=said),
    "ask": lambda row, by, said, codes: asking_back.ask(row, by=by, text=said),
    "answer": lambda row, by, said, codes: asking_back.answer(row, by=by, text=said),
    "escalate": lambda row, by, said, codes: tiers.escalate(row, by=by, reason=said),
    "take_over": lambda row, by, said, codes: tiers.take_over(row, by=by),
    "consent_extension": lambda row, by, said, codes: consents.consent_extension(row, by=by),
    "explain": lambda row, by, said, codes: consents.explain(row, by=by, text=said),
    "consent_explained": lambda row, by, said, codes: consents.consent_explained(row, by=by),
    "rate": lambda row, by, said, codes: afterwards.rate(row, by=by, text=said, **codes),
    "reopen": lambda row, by, said, codes: afterwards.reopen(row, by=by, reason=said),
    "urge": lambda row, by, said, codes: workflow.urge(row, by=by),
    "supervise": lambda row, by, said, codes: tiers.supervise(row, by=by, text=said),
}
