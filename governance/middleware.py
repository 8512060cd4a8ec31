"""Answers' security headers, and the caller's own address behind proxies."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    # The length of a bar is data; a style attribute can carry it but no rule of its own.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
OWN_STYLES = {"style-src": "'self' 'unsafe-inline'"}
# Two libraries draw their own pages and cannot do with less.
LOOSER = {
    # Unfold's Alpine evaluates expressions, and its skeleton sets colours in a <style>.
    "/desk/registry/": POLICY | OWN_STYLES | {"script-src": "'self' 'unsafe-eval'"},
    # Swagger UI puts its layout into a <style>.
    "/api/docs/": POLICY | OWN_STYLES,
}


def maps() -> dict[str, dict[str, str]]:
    """Pages with a map may load pictures from the tile server that the environment names, and from no other."""
    tiles = settings.WENSHAO_TILES
    return (
        {"/dashboards/": POLICY | {"img-src": " ".join([POLICY["img-src"], *tiles["hosts"]])}}
        if tiles
        else {}
    )


def header(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


class ContentSecurityMiddleware:
    """A strict Content-Security-Policy on every answer, looser only on pages that a library draws."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.strict = header(POLICY)
        self.looser = {prefix: header(policy) for prefix, policy in (LOOSER | maps()).items()}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy(request.path))
        response.headers.setdefault(
            "Permissions-Policy", "geolocation=(self), camera=(self), microphone=(), payment=()"
        )
        return response

    def policy(self, path: str) -> str:
        fitting = (policy for prefix, policy in self.looser.items() if path.startswith(prefix))
        return next(fitting, self.strict)


class ClientAddressMiddleware:
    """Behind `settings.PROXIES` trusted proxies, REMOTE_ADDR becomes the address the outermost one saw.

    Limits per address count people, not the proxy; entries a client adds itself stand further left and
    are never read.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if settings.PROXIES and len(forwarded) >= settings.PROXIES and forwarded[-settings.PROXIES]:
            request.META["REMOTE_ADDR"] = forwarded[-settings.PROXIES]
        return self.get_response(request)


class WholeAddressMiddleware:
    """An address with a NUL in it names nothing, and PostgreSQL breaks on it wherever it is looked up: 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return self.get_response(request)
