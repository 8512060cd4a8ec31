"""What requests do when something moves below them, and the news of their own steps."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from ground.errors import RuleViolation
from ground.steps import Move
from organizations.models import Organization
from organizations.signals import organization_closing, organization_moved
from requests import news, reminders, tiers  # noqa: F401  (reminders: its audiences)
from requests.models import Dispatch, ServiceRequest
from requests.models.matters import DISPATCHED
from requests.signals import dispatch_moved, request_moved


@receiver(request_moved)
def tell_people(sender: Any, move: Move, **kwargs: Any) -> None:
    news.tell(move)


@receiver(dispatch_moved)
def tell_people_of_dispatch(sender: Any, move: Move, **kwargs: Any) -> None:
    news.tell_of_dispatch(move)


@receiver(dispatch_moved)
def look_again(sender: Any, move: Move, **kwargs: Any) -> None:
    """Whoever gave a dispatch back has the request out of sight at once."""
    if (cache := getattr(move.by, "scope_cache", None)) is not None:
        cache.pop(DISPATCHED, None)


@receiver(organization_closing)
def refuse_while_it_handles(sender: Any, node: Organization, **kwargs: Any) -> None:
    """An organization that is handler of open requests cannot be closed (RULES 1), nor one that owes an answer."""
    count = ServiceRequest.objects.open().handled_at([node.pk]).count()
    if Dispatch.objects.live().filter(organization=node).exists():
        raise RuleViolation(f"还有派给{node.short_name}的单没有办完，办完后才能撤销。")
    if count:
        raise RuleViolation(f"{node.short_name}还有 {count} 件点单没有办完，办完后才能撤销。")


@receiver(organization_moved)
def follow_the_tree(sender: Any, node: Organization, **kwargs: Any) -> None:
    """Rewrite the scope columns of the requests below a node that moved."""
    ServiceRequest.follow(node)
    tiers.follow_line(node)
