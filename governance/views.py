"""The health check and the pages shown when something is refused, missing or broken."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from ground.storing import NO_ROOM, is_full


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


#: What a form may be too large by. Its fields hold texts; photos are counted apart.
_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, _TOO_LARGE):
        sentence = "提交的内容太多，没有收下：请返回删减文字，或分几次提交。"
        return _plain(request, 413, sentence, "内容太多", is_ours=False)
    return _answer(request, 400, "请求格式有误。")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the rule's own sentence where there is one."""
    return _answer(request, 403, str(exception) or "你没有此项权限。")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "没有找到这个页面，或者你无权查看。")


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 while the database is away, 507 where the disk is full: whoever asked learns that it will pass."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        answer = _plain(request, 503, "系统正在恢复，这一步没有完成，请过一会儿再试。", "请稍等")
        answer.headers["Retry-After"] = "5"
        return answer
    if is_full(error):
        return _plain(request, 507, NO_ROOM)
    return _plain(request, 500, "抱歉，系统暂时出了问题，请稍后再试。")


def _plain(
    request: HttpRequest, status: int, sentence: str, heading: str = "系统出错了", is_ours: bool = True
) -> HttpResponse:
    """A page that needs neither database, session nor static files."""
    if wants_json(request):
        return JsonResponse({"detail": sentence}, status=status)
    page = {"sentence": sentence, "heading": heading, "is_ours": is_ours}
    return HttpResponse(render_to_string("500.html", page), status=status)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long, or came from elsewhere: say how to go on."""
    sentence = "页面已过期，请返回刷新后重新提交。"
    if wants_json(request):
        return JsonResponse({"detail": sentence}, status=403)
    return render(request, "403_csrf.html", {"sentence": sentence}, status=403)
