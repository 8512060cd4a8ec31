"""The words of the history: one method per step of RULES 1, worded for whoever reads it (`requests.timeline`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from ground.templatetags.wenshao import when
from organizations.models import Organization
from requests import clocks, telling_dispatches
from requests.contacts import staff_of
from requests.entries import Entry
from requests.models import DispatchEvent, RequestEvent, ServiceRequest
from requests.presenting import asker_of
from requests.readers import Reader
from requests.states import ConsentKind, ContactBy, Outcome, State, Track

#: Steps by which another organization becomes the handler; their codes say from where and to whom.
_MOVES = frozenset({"escalate", "hand_down", "consent_hand_down", "reopen", "object"})
#: Keys of codes that name an organization.
_NODES = ("from", "to", "at", "supervised_by")
Said = tuple[str, str]


class Teller:
    """Words the events of one request for one viewer. Four queries at most, however many events there are."""

    def __init__(
        self,
        service_request: ServiceRequest,
        viewer: Any,
        reader: Reader,
        events: list[RequestEvent],
        dispatched: list[DispatchEvent],
    ) -> None:
        self.service_request, self.viewer, self.reader = service_request, viewer, reader
        self.asker = "提出人" if reader is Reader.PUBLIC else asker_of(service_request, viewer)
        self.recipients = {each.subject_id: each.subject.recipient for each in dispatched}
        self.leads = {each.subject_id: each.subject.is_lead for each in dispatched}
        self.nodes = _nodes_of(service_request, events)
        self.handlers = _handlers_at(service_request, events)
        self.numbers = self._numbers_of(events) if reader is Reader.STAFF else {}
        self.names: dict[int, str] = {}
        self.posts: dict[int, str] = {}
        if reader is not Reader.PUBLIC:
            self._learn_people(events)
        #: Headlines by floors above; entries that show their photos, by what they hang on.
        self.headlines: dict[int, str] = {}
        self.shown: dict[tuple[str, int], Entry] = {}

    def _learn_people(self, events: list[RequestEvent]) -> None:
        acted = {event.by.pk: str(event.by) for event in events if event.by is not None}
        named = {event.codes["responsible"] for event in events if "responsible" in event.codes}
        named_with_post = {event.by_id for event in events if event.by_id and not self._is_asking(event)}
        staff = staff_of({*named_with_post, *named}, self.service_request)
        self.posts = {pk: known.post for pk, known in staff.items()}
        self.names = acted | {pk: known.name for pk, known in staff.items()}
        if missing := named - self.names.keys():  # his post was elsewhere
            self.names |= {user.pk: str(user) for user in User.objects.filter(pk__in=missing).defer("phone")}

    def _is_asking(self, event: RequestEvent) -> bool:
        """Whoever asked for himself is not named, whatever post he holds."""
        return event.step == "submit" and event.by_id == self.service_request.asker_id

    def _numbers_of(self, events: list[RequestEvent]) -> dict[int, str]:
        """The numbers of the requests that it was merged with; for staff, who may read them."""
        keys = {"merge": "into", "unmerge": "from", "resolve_with": "with", "begin_part": "whole"}
        ids = {event.codes[keys[event.step]] for event in events if event.step in keys}
        if not ids:
            return {}
        return dict(ServiceRequest.objects.filter(pk__in=ids).values_list("pk", "number"))

    def entry(self, event: RequestEvent, text: str) -> Entry:
        """One line. `text` is what the reader may read of what was said."""
        title, note = getattr(self, f"_{event.step}", self._other)(event)
        entry = Entry(
            step=event.step,
            title=self.headlines.get(event.pk, title),
            at=event.at,
            by=self._by(event),
            note=note,
            text=text,
        )
        self.shown[("event", event.pk)] = entry
        return entry

    def of_dispatch(self, event: DispatchEvent) -> Entry | None:
        """What a recipient did, or what was done with its answer; None where that is no news to the reader."""
        is_own = self.reader is Reader.STAFF or telling_dispatches.is_own(self.viewer, self.reader, event)
        entry = telling_dispatches.entry(event, is_full=is_own)
        if entry is not None and is_own:
            self.shown[("dispatch", event.pk)] = entry
        return entry

    def _by(self, event: RequestEvent) -> str:
        if self.reader is Reader.PUBLIC:
            return ""
        if event.by is None:
            return "系统"
        if event.by_id == self.service_request.asker_id:
            return ""
        if event.step == "contact" and "dispatch" in event.codes and self.reader is Reader.ASKER:
            return ""  # the headline names the unit; its officer is known by that only
        return self._person(event.by_id)

    def _person(self, pk: int | None) -> str:
        """Somebody of the staff, with his post."""
        return f"{self.posts.get(pk or 0, '')} {self.names.get(pk or 0, '')}".strip()

    def _node(self, pk: int | None) -> str:
        return self.nodes.get(pk or 0, "上一级")

    def _handler(self, event: RequestEvent) -> str:
        """Who handled it when the step was taken, not who handles it now."""
        return self._node(self.handlers.get(event.pk))

    def _number(self, event: RequestEvent, key: str) -> str:
        return self.numbers.get(event.codes.get(key, 0), "")

    # The straight road: headline, note

    def _submit(self, event: RequestEvent) -> Said:
        span = clocks.promised(self.service_request, "accept")
        note = f"承诺 {span}内受理" if span else ""
        if "proactive" in event.codes:
            return "社区主动立项，未诉先办", note
        if "has_no_phone" in event.codes:
            return f"代{self.asker}点单", note
        return ("代点单" if "on_behalf_of" in event.codes else f"{self.asker}提交了点单"), note

    def _add(self, event: RequestEvent) -> Said:
        return f"{self.asker}补充了情况", ""

    def _accept(self, event: RequestEvent) -> Said:
        how = Track(event.codes["track"]).motto
        span = clocks.promised(self.service_request, "resolve")
        return f"{self._handler(event)}受理，按{how}", f"承诺 {span}内办结" if span else ""

    def _contact(self, event: RequestEvent) -> Said:
        who = self.recipients.get(event.codes.get("dispatch"), "")
        how = ContactBy(event.codes["how"]).label
        return f"{who}{how}联系了{self.asker}", "首次联系" if event.codes.get("is_first") else ""

    def _decline(self, event: RequestEvent) -> Said:
        return f"{self._handler(event)}不予受理", ""

    def _handle(self, event: RequestEvent) -> Said:
        person = event.codes["responsible"]
        who = self._person(person)
        return (f"{who} 负责办理" if who else f"{self._handler(event)}开始办理"), ""

    def _whistle(self, event: RequestEvent) -> Said:
        return f"{self._handler(event)}吹哨，召集党员来帮忙", ""

    def _resolve(self, event: RequestEvent) -> Said:
        return f"办结：{Outcome(event.codes['outcome']).label}", ""

    def _urge(self, event: RequestEvent) -> Said:
        return f"{self.asker}催办", ""

    def _note(self, event: RequestEvent) -> Said:
        return "内部记录", "提出人看不到"

    def _withdraw(self, event: RequestEvent) -> Said:
        return f"{self.asker}撤回了点单", ""

    # Asking back

    def _ask(self, event: RequestEvent) -> Said:
        return f"请{self.asker}补充情况", "办结期限暂停"

    def _answer(self, event: RequestEvent) -> Said:
        return f"{self.asker}作了回答", "办结期限接着算"

    def _timeout(self, event: RequestEvent) -> Said:
        return "逾期没有补充，继续办理", "办结期限接着算"

    # Together with others, and in parts

    def _merge(self, event: RequestEvent) -> Said:
        number = self._number(event, "into")
        return (f"并到 {number} 一起办" if number else "和同一件事的点单并在一起办"), ""

    def _unmerge(self, event: RequestEvent) -> Said:
        number = self._number(event, "from")
        return "重新单独办理", f"原来并在 {number}" if number else ""

    def _resolve_with(self, event: RequestEvent) -> Said:
        number = self._number(event, "with")
        label = Outcome(event.codes["outcome"]).label
        return f"随{number or '同一件事'}办结：{label}", ""

    def _split(self, event: RequestEvent) -> Said:
        return f"拆成 {len(event.codes.get('parts', []))} 件分头办", ""

    def _begin_part(self, event: RequestEvent) -> Said:
        return f"从 {self._number(event, 'whole') or '总件'} 拆出", ""

    def _complete(self, event: RequestEvent) -> Said:
        return f"办完：{Outcome(event.codes['outcome']).label}", ""

    def _end_part(self, event: RequestEvent) -> Said:
        return "随总件结束", ""

    def _dispatch(self, event: RequestEvent) -> Said:
        pk = event.codes.get("dispatch")
        note = ("主办" if self.leads.get(pk, True) else "协办") if self.reader is Reader.STAFF else ""
        return f"派单给{self.recipients.get(pk) or '有关单位'}", note

    # Up and down the tiers

    def _escalate(self, event: RequestEvent) -> Said:
        return f"上报到{self._node(event.codes.get('to'))}", "办结的承诺不变"

    def _hand_down(self, event: RequestEvent) -> Said:
        where = self._node(event.codes.get("to"))
        return f"{self._node(event.codes.get('from'))}交办给{where}", "办结的承诺不变"

    _consent_hand_down = _hand_down

    def _take_over(self, event: RequestEvent) -> Said:
        return f"{self._handler(event)}接手办理", ""

    def _supervise(self, event: RequestEvent) -> Said:
        watcher = event.codes.get("supervised_by")
        return f"{self._node(watcher) if watcher else '市里'}督办", ""

    # What needs consent

    def _extend(self, event: RequestEvent) -> Said:
        until = _moment(event.codes.get("new_due"))
        return f"报请{self._node(event.codes.get('at'))}同意延期", f"延到{until}" if until else ""

    def _explain(self, event: RequestEvent) -> Said:
        return f"报请{self._node(event.codes.get('at'))}同意依法依规解释办结", ""

    def _propose_hand_down(self, event: RequestEvent) -> Said:
        return f"报请{self._node(event.codes.get('at'))}同意再次交办", ""

    def _consent_extension(self, event: RequestEvent) -> Said:
        until = _moment(event.codes.get("new_due"))
        return "经上级同意，办结延期", f"新的期限{until}" if until else ""

    def _consent_explained(self, event: RequestEvent) -> Said:
        return f"办结：{Outcome.EXPLAINED.label}", "经上级同意"

    def _deny(self, event: RequestEvent) -> Said:
        return f"不同意{ConsentKind(event.codes['kind']).label}", ""

    # Afterwards

    def _rate(self, event: RequestEvent) -> Said:
        solved = "问题解决了" if event.codes["solved"] else "问题没有解决"
        if self.reader is Reader.PUBLIC:
            return f"{self.asker}作了评价", ""
        return f"{self.asker}评了 {event.codes['satisfied']} 星", solved

    def _call_back(self, event: RequestEvent) -> Said:
        title, note = self._rate(event)
        return f"回访：{title}", note

    def _lapse(self, event: RequestEvent) -> Said:
        return "逾期没有评价，自动办结", ""

    def _conclude(self, event: RequestEvent) -> Said:
        return "未诉先办，没有提出人要评价，结案", ""

    def _reopen(self, event: RequestEvent) -> Said:
        taker = event.codes.get("to")
        note = f"由{self._node(taker)}接手" if taker else ""
        return f"{self.asker}要求重办（第 {event.codes.get('count', 1)} 次）", note

    def _object(self, event: RequestEvent) -> Said:
        return f"{self.asker}提出申诉", f"由{self._node(event.codes.get('to'))}重新核实"

    def _other(self, event: RequestEvent) -> Said:
        return State(event.target).label, ""


def _moment(stored: str | None) -> str:
    return when(datetime.fromisoformat(stored), "time") if stored else ""


def _nodes_of(service_request: ServiceRequest, events: list[RequestEvent]) -> dict[int, str]:
    """Short names of the organizations that the codes name; a query only for those not at hand."""
    at_hand = [service_request.handler, *_loaded(service_request, "community", "street", "district")]
    nodes = {node.pk: node.short_name for node in at_hand}
    # "from" of an unmerging is the request that it was merged into, not an organization.
    named = {event.codes.get(key) for event in events if event.step != "unmerge" for key in _NODES}
    if missing := {pk for pk in named if pk is not None and pk not in nodes}:
        nodes |= dict(Organization.objects.filter(pk__in=missing).values_list("pk", "short_name"))
    return nodes


def _loaded(service_request: ServiceRequest, *names: str) -> list[Organization]:
    """Those of its organizations that came with the row."""
    cached = service_request._state.fields_cache
    return [cached[name] for name in names if cached.get(name) is not None]


def _handlers_at(service_request: ServiceRequest, events: list[RequestEvent]) -> dict[int, int]:
    """Event id → the organization that handled the request when the step was taken."""
    moves = [event for event in events if event.step in _MOVES and "to" in event.codes]
    now = moves[0].codes["from"] if moves else service_request.handler_id
    found = {}
    for event in events:
        found[event.pk] = now
        if event.step in _MOVES and "to" in event.codes:
            now = event.codes["to"]
    return found
