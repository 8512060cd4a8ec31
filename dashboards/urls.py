"""Routes of dashboards. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "dashboards"
urlpatterns: list[URLPattern] = []
