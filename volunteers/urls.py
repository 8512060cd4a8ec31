"""Routes of volunteers. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "volunteers"
urlpatterns: list[URLPattern] = []
