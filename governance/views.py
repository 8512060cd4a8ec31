"""The health check and the pages shown when something is refused, missing or broken."""

from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, 503 otherwise; for load balancers and container health checks."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": sentence}, status=status)
    return render(request, f"{status}.html", {"sentence": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "请求格式有误。")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the rule's own sentence where there is one."""
    return _answer(request, 403, str(exception) or "你没有此项权限。")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "没有找到这个页面，或者你无权查看。")


def server_error(request: HttpRequest) -> HttpResponse:
    """500 from a page that needs neither database, session nor static files."""
    sentence = "抱歉，系统暂时出了问题，请稍后再试。"
    if wants_json(request):
        return JsonResponse({"detail": sentence}, status=500)
    return HttpResponse(render_to_string("500.html", {"sentence": sentence}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long, or came from elsewhere: say how to go on."""
    sentence = "页面已过期，请返回刷新后重新提交。"
    if wants_json(request):
        return JsonResponse({"detail": sentence}, status=403)
    return render(request, "403_csrf.html", {"sentence": sentence}, status=403)
