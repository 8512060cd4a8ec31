"""The receipt of what staff filed for somebody, and the page on which its number and code are looked up."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.sessions import SignedInRequest
from ground.errors import NoPower, RuleViolation
from requests import receipts
from requests.forms.looking_up import QueryForm
from requests.models import ServiceRequest


@never_cache
@login_required
@require_GET
def receipt(request: SignedInRequest, number: str) -> HttpResponse:
    """回执: to print for whom it was filed. For those who handle requests at that place."""
    rows = ServiceRequest.objects.whole().select_related("community").defer("grid__boundary")
    service_request = get_object_or_404(rows.visible_to(request.user), number=number)
    if not service_request.query_code:
        raise Http404
    if not receipts.may_print(request.user, service_request):
        raise NoPower()
    address = request.build_absolute_uri(f"{reverse('requests:query')}?{urlencode({'number': number})}")
    context = {
        **receipts.receipt_of(service_request, address),
        "back": reverse("desk:request", args=[number]),
        "is_filed": "filed" in request.GET,
    }
    return render(request, "requests/receipt.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def query(request: HttpRequest) -> HttpResponse:
    """Anybody with number and code: how far it is. What was found is never in an address."""
    if request.method == "GET":
        return render(
            request,
            "requests/query.html",
            {"form": QueryForm(initial={"number": request.GET.get("number", "")})},
        )
    form = QueryForm(request.POST)
    if form.is_valid():
        try:
            found = receipts.look_up(**form.cleaned_data, address=request.META["REMOTE_ADDR"])
        except RuleViolation as refusal:
            refusal.add_to(form)
        else:
            return render(request, "requests/found.html", receipts.shown_of(found))
    return render(request, "requests/query.html", {"form": form}, status=422)
