"""Pages and JSON travel compressed; static files come compressed from disk already (whitenoise)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

#: What grows small. Photos and workbooks are compressed as they are.
TEXTS = ("text/html", "text/css", "text/calendar", "application/json", "image/svg+xml")


class CompressionMiddleware(GZipMiddleware):
    """gzip for pages, parts of pages and JSON, never for files that are fetched or streamed.

    BREACH guesses a secret by the length of answers that also repeat its guesses. Two things stand against it:
    the one secret on our pages, the CSRF token, is masked anew in every answer, and Django's middleware makes the
    length of each answer random by up to 100 bytes ("Heal the Breach").
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return super().process_response(request, response) if _gains(response) else response


def _gains(response: HttpResponseBase) -> bool:
    is_whole = isinstance(response, HttpResponse) and not response.has_header("Content-Disposition")
    return is_whole and response.headers.get("Content-Type", "").startswith(TEXTS)
