"""Pages travel compressed, files that are fetched do not, and no length tells a secret."""

from __future__ import annotations

import gzip

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from governance.compression import CompressionMiddleware

TEXT = "花城社区 " * 400


def answered(response: HttpResponseBase, accepted: str = "gzip, br") -> HttpResponseBase:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = accepted
    return CompressionMiddleware(lambda _: response).process_response(request, response)


def test_a_page_is_compressed_for_whoever_can_read_it(db: None) -> None:
    plain = Client().get("/sign-in/")
    page = Client().get("/sign-in/", headers={"accept-encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert "手机号" in gzip.decompress(page.content).decode()
    assert len(page.content) < len(plain.content) / 2
    assert not plain.has_header("Content-Encoding")


def test_json_is_compressed() -> None:
    assert answered(HttpResponse(TEXT, content_type="application/json"))["Content-Encoding"] == "gzip"


def test_what_is_compressed_already_is_left_alone() -> None:
    assert not answered(HttpResponse(TEXT, content_type="image/jpeg")).has_header("Content-Encoding")


def test_a_file_that_is_fetched_keeps_its_length() -> None:
    sheet = HttpResponse(TEXT, content_type="text/html")
    sheet["Content-Disposition"] = "attachment; filename=x.html"
    streamed = StreamingHttpResponse(iter([TEXT]), content_type="application/json")
    assert not answered(sheet).has_header("Content-Encoding")
    assert not answered(streamed).has_header("Content-Encoding")


def test_the_length_of_the_same_page_differs() -> None:
    pages = {len(answered(HttpResponse(TEXT)).content) for _ in range(40)}  # type: ignore[attr-defined]
    assert len(pages) > 1
    assert max(pages) - min(pages) <= CompressionMiddleware.max_random_bytes
