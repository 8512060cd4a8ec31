"""The map of a dashboard: its data, its points, and a page of its own that needs no JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET

from dashboards import mapping, reading
from dashboards.areas import Area, area_of, nodes_in_sight, sees_city
from dashboards.mapping.points import may_see_points
from dashboards.periods import query_of, window_of
from organizations.guards import post_required

#: Copied from npm at install; without it the map is the picture drawn by the server.
LIBRARY = "vendor/leaflet/leaflet"


@require_GET
@post_required
def data(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """GeoJSON of the next level, coloured by ?figure= in ?period=. Not sent again before the next round."""
    ground, window = mapping.ground_of(_area(request, pk)), window_of(request.GET)
    figure, as_of = mapping.figure_of(request.GET), reading.as_of()
    said = (request.user.pk, as_of, ground.stamp, window.first, window.after, figure.key)
    tag = quote_etag("-".join(str(each) for each in said).replace(" ", "T"))
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        answer = JsonResponse(mapping.draw(request.user, ground, window, figure, as_of).geojson())
    answer.headers["ETag"] = tag
    return _private(answer)


@require_GET
@post_required
def points(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Open requests within the viewer's powers. 404 for those who have none in sight."""
    return _private(JsonResponse(mapping.points_of(request.user, mapping.ground_of(_area(request, pk)))))


@require_GET
@post_required
def page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The map drawn by the server, with its table: a page, or only what lies in the tile for htmx."""
    area = _area(request, pk)
    ground, window = mapping.ground_of(area), window_of(request.GET)
    figure = mapping.figure_of(request.GET)
    drawing = mapping.draw(request.user, ground, window, figure, reading.as_of())
    is_part = request.headers.get("HX-Request") == "true"
    answer = render(
        request,
        "dashboards/_map_body.html" if is_part else "dashboards/map.html",
        _context(request.user, area, drawing) | {"is_part": is_part},
    )
    patch_vary_headers(answer, ["HX-Request"])
    return _private(answer)


def _context(user: Any, area: Area, drawing: mapping.Drawing) -> dict[str, Any]:
    where = [area.node.pk] if area.node else []
    start = "map" if area.node else "city_map"
    query = f"{query_of(drawing.window)}&figure={drawing.figure.key}"
    board = reverse("dashboards:node", args=where) if area.node else reverse("dashboards:city")
    return {
        "area": area,
        "drawing": drawing,
        "picture": mapping.svg(drawing),
        "figures": mapping.FIGURES.values(),
        "window": drawing.window,
        "asked": parse_qsl(query_of(drawing.window)),
        "tiles": settings.WENSHAO_TILES,
        "library": {kind: _vendored(f"{LIBRARY}.{kind}") for kind in ("js", "css")},
        "board_url": f"{board}?{query}",
        "page_url": reverse(f"dashboards:{start}_page", args=where),
        "data_url": f"{reverse(f'dashboards:{start}', args=where)}?{query}",
        "points_url": reverse(f"dashboards:{start}_points", args=where) if may_see_points(user) else "",
    }


def _vendored(name: str) -> str:
    """The address of an installed file; "" where the install has left it out."""
    try:
        return staticfiles_storage.url(name)
    except ValueError:
        return ""


def _area(request: HttpRequest, pk: int | None) -> Area:
    if pk is not None:
        return area_of(get_object_or_404(nodes_in_sight(request.user), pk=pk))
    if not sees_city(request.user):
        raise Http404
    return area_of(None)


def _private(answer: HttpResponse) -> HttpResponse:
    """Kept by the browser of whoever asked, and asked for again each time."""
    patch_cache_control(answer, private=True, no_cache=True)
    return answer
