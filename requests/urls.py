"""Routes of requests. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "requests"
urlpatterns: list[URLPattern] = []
