"""Routes of accounts. Mounted at the site's root: write whole paths here."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []
