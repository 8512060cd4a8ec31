"""Photos: served to those who may see them, and what is said of those that were not kept."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from accounts.sessions import SignedInRequest
from requests.models import ServiceRequest
from requests.readers import photos_for

#: Browsers forget the files of a form that comes back.
LOST = "刚才没有提交成功，选好的照片没有留住，请再选一次。"


@login_required
@require_GET
def photo(request: SignedInRequest, number: str, photo: uuid.UUID) -> FileResponse:
    return photo_response(request.user, number, photo, request.GET.get("size", ""))


def photo_response(user: Any, number: str, photo: uuid.UUID, size: str) -> FileResponse:
    """A picture of a request in sight, else 404; size "small" is the thumbnail. Kept by the browser alone."""
    row = get_object_or_404(ServiceRequest.objects.visible_to(user), number=number)
    return picture_response(get_object_or_404(photos_for(row, user), pk=photo), number, size)


def picture_response(found: Any, name: str, size: str) -> FileResponse:
    """A photo row that is in sight, of this floor or of one above, as the file `name`.jpg."""
    picture = found.thumbnail if size == "small" else found.image
    try:
        response = FileResponse(picture.open("rb"), content_type="image/jpeg")
    except FileNotFoundError:  # the row outlived its file, as after a restored backup
        raise Http404 from None
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'inline; filename="{name}.jpg"'
    return response


def say_troubles(request: HttpRequest, troubles: list[str]) -> None:
    """One message for each photo that could not be kept."""
    for sentence in troubles:
        messages.warning(request, sentence)


def lost_with(request: HttpRequest) -> list[str]:
    """What stands at the photo field of a form that comes back: its photos have to be chosen again."""
    return [LOST] if request.FILES else []
