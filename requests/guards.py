"""What may stand in the way of a step besides its state: each guard gives "" or the sentence that says what does."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ground import clock
from organizations.models import Policy
from requests.states import LIVE, Outcome

#: 拆分 (RULES 1): up to ten parts, one level.
MOST_PARTS = 10
#: The third reopening goes to the tier above; at the district there is none.
ESCALATING_REOPENING = 3


def legal_route(service_request: Any) -> str:
    """Where else somebody may turn whom the platform cannot help further; signed by the district."""
    return Policy.of(service_request.district_id).legal_route


def holds_stand(service_request: Any) -> str:
    """What has to be finished before the request can be resolved."""
    labels = [hold.label for hold in service_request.holds.all()]
    return f"还有未了结的事项：{'、'.join(labels)}。请先了结，再办结。" if labels else ""


def asked_already(service_request: Any) -> str:
    if service_request.has_asked:
        return "这一轮已经请提出人补充过一次，请直接联系。"
    return waits_for_consent(service_request)


def still_time_to_answer(service_request: Any) -> str:
    return "" if service_request.asked_until <= clock.now() else "还没到补充的期限。"


def still_time_to_rate(service_request: Any) -> str:
    return "" if service_request.lapse_due <= clock.now() else "还没到评价的期限。"


def somebody_rates(service_request: Any) -> str:
    return "" if service_request.is_proactive else "要等提出人评价，或者过了评价的期限。"


def cannot_be_merged(service_request: Any) -> str:
    if service_request.parts.exists():
        return "已经拆分过，不能并到别的点单。"
    return "还有派单、哨单等未了结的事项，不能并案。" if service_request.holds.exists() else ""


def too_many_parts(service_request: Any) -> str:
    return "" if service_request.parts.count() < MOST_PARTS else f"一件最多拆成 {MOST_PARTS} 件。"


def dispatched_out(service_request: Any) -> str:
    if any(each.state in LIVE for each in service_request.dispatches.all()):
        return "还有派单没有了结，请先核销或收回，再交办。"
    return ""


def waits_for_consent(service_request: Any) -> str:
    if not service_request.consent_kind:
        return ""
    return (
        f"正在等{service_request.consent_at.short_name}答复“{service_request.get_consent_kind_display()}”。"
    )


def cannot_be_extended(service_request: Any) -> str:
    if service_request.is_extended:
        return "已经延过一次，不能再延。"
    return waits_for_consent(service_request)


def cannot_be_explained(service_request: Any) -> str:
    return waits_for_consent(service_request) or holds_stand(service_request)


def cannot_be_reopened(service_request: Any) -> str:
    if service_request.outcome == Outcome.EXPLAINED:
        return f"这一单已依法依规解释办结，不能再重办。{legal_route(service_request)}"
    if service_request.reopen_until is not None and service_request.reopen_until < clock.now():
        return "办结已经超过可以要求重办的日子。还没办好的，请再点一单。"
    is_third = service_request.reopened + 1 >= ESCALATING_REOPENING
    if is_third and service_request.tier_above_id is None:
        return f"区里已经重办过，不能再重办。{legal_route(service_request)}"
    return ""


def cannot_object(service_request: Any) -> str:
    if service_request.tier_above_id is None:
        return f"区里作出的不予受理是最后的答复。{legal_route(service_request)}"
    if service_request.objected_at is not None:
        return f"一件点单只能申诉一次。{legal_route(service_request)}"
    if service_request.object_until is not None and service_request.object_until < clock.now():
        return "申诉的期限已经过了，还有需要可以再点一单。"
    return ""


def urged_today(service_request: Any) -> str:
    last = service_request.urged_at
    if last is not None and timezone.localdate(last) == clock.today():
        return "今天已经催过一次，承办人已收到，明天可以再催。"
    return ""


def too_late_to_give_back(dispatch: Any) -> str:
    if dispatch.give_back_until < clock.now():
        return "已超过退回的期限，请签收办理；确实不归你们管的，请联系派单的社区收回。"
    return ""


def arrived_already(dispatch: Any) -> str:
    return "" if dispatch.arrived_at is None else "已经登记过到场。"
