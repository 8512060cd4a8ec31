from django.contrib import admin
from django.urls import include, path

from governance import api, views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("desk/registry/", admin.site.urls),
    *api.routes(),
    # Each app writes its whole paths itself: routes are named by noun, not by app.
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("grids.urls")),
    path("", include("requests.urls")),
    path("", include("volunteers.urls")),
    path("", include("dashboards.urls")),
    path("", include("desk.urls")),
]

handler400 = "governance.views.bad_request"
handler403 = "governance.views.permission_denied"
handler404 = "governance.views.page_not_found"
handler500 = "governance.views.server_error"
