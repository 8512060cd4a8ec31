"""Who can sign in to the demo, and how. Empty where the database holds no demo."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User
from desk.demo.roster import PASSWORD, ROSTER, Person
from ground.fields import phone_index


def demo_signins() -> list[dict[str, str]]:
    """One row per role: role, name, phone, how. One query; nothing in production."""
    if settings.PRODUCTION:
        return []
    indexes = [phone_index(person.phone) for person in ROSTER]
    there = set(User.objects.filter(phone_index__in=indexes).values_list("phone_index", flat=True))
    # Somebody may have one of these numbers by chance; all of them together only a loading makes.
    return [_row(person) for person in ROSTER] if len(there) == len(ROSTER) else []


def _row(person: Person) -> dict[str, str]:
    how = f"密码 {PASSWORD}，再收验证码" if person.has_password else "收验证码"
    return {"role": person.role, "name": person.name, "phone": person.phone, "how": how}
