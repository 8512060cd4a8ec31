"""Routes of desk. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "desk"
urlpatterns: list[URLPattern] = []
