"""Routes of grids. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "grids"
urlpatterns: list[URLPattern] = []
