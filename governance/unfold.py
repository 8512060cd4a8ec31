"""The themed admin (django-unfold) in our colours and type; its sidebar is templates/admin/nav_sidebar.html.

The numbers repeat static/css/tokens.css: base = neutrals (50–300 light surfaces and lines, 700–950 dark ones),
primary = the party red (600 fills in both modes, 500 is the text on dark).
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest


def _static(path: str) -> Callable[[HttpRequest], str]:
    def link(request: HttpRequest) -> str:
        from django.templatetags.static import static  # settings are being read when this module loads

        return static(path)

    return link


NEUTRAL = {
    "50": "#f5f6f7", "100": "#f0f1f3", "200": "#dee0e3", "300": "#c6cad0", "400": "#80868f", "500": "#565c65",
    "600": "#454a52", "700": "#3a3f46", "800": "#2d3136", "900": "#1d2024", "950": "#131518",
}  # fmt: skip
RED = {
    "50": "#fdeeee", "100": "#fbe0e0", "200": "#f5b9b4", "300": "#f2a09c", "400": "#ff8a86", "500": "#ff8a86",
    "600": "#c7161d", "700": "#a50e14", "800": "#8f1217", "900": "#5c1114", "950": "#3a1d1f",
}  # fmt: skip
FONT = {
    "subtle-light": "#565c65", "subtle-dark": "#a9b0ba", "default-light": "#1f2329", "default-dark": "#e8eaed",
    "important-light": "#1f2329", "important-dark": "#ffffff",
}  # fmt: skip

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "闻哨",
    "SITE_HEADER": "闻哨",
    "SITE_SUBHEADER": "台账",
    "SITE_URL": "/desk/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("icons/wenshao.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": NEUTRAL, "primary": RED, "font": FONT},
    "STYLES": [_static("css/tokens.css"), _static("css/desk.css"), _static("css/admin.css")],
    "SCRIPTS": [_static("js/admin.js"), _static("js/prefs.js")],
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": [],
    },
}
