"""Routes of notifications. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "notifications"
urlpatterns: list[URLPattern] = []
