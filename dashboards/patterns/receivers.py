"""What patterns do when the tree changes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from dashboards.models import Pattern
from organizations.models import Organization
from organizations.signals import organization_moved


@receiver(organization_moved)
def patterns_follow(sender: Any, node: Organization, **kwargs: Any) -> None:
    """Scope columns follow, in the same transaction."""
    Pattern.follow(node)
