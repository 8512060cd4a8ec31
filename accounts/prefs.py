"""Large type and theme: kept in two cookies, so that the server draws the page right without a flash."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

YEAR = 365 * 24 * 3600
CHOICES = {"size": {"large"}, "theme": {"dark", "light"}}


def context(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Give `prefs.size` ("" or large) and `prefs.theme` ("" = as the device, light, dark) to every template."""
    kept = {name: request.COOKIES.get(f"ws_{name}", "") for name in CHOICES}
    return {"prefs": {name: value if value in CHOICES[name] else "" for name, value in kept.items()}}


@require_POST
def prefs(request: HttpRequest) -> HttpResponse:
    """Take size=large|standard and theme=dark|light|auto from the form, remember them a year, go back to `next`."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    for name, allowed in CHOICES.items():
        if name in request.POST:
            value = request.POST[name] if request.POST[name] in allowed else ""
            # Not HttpOnly: static/js/prefs.js writes the same cookie; it holds nothing secret.
            response.set_cookie(f"ws_{name}", value, YEAR, samesite="Lax", secure=request.is_secure())
    return response
