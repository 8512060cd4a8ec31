"""What this floor stores about an account, for the page “系统里存了我的什么”."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.stored import Fact
from requests.models import Photo, ServiceRequest


def about(user: User) -> Iterable[Fact]:
    """How many requests and photos. Two queries."""
    count = ServiceRequest.objects.own(user).count()
    if count:
        photos = Photo.objects.filter(service_request__submitter=user).count()
        yield "点单", f"{count} 件，照片 {photos} 张（只有你和承办的工作人员能看）"
