"""Routes of grids. Mounted at the site's root: write whole paths here."""

from django.urls import path

from grids.views import qr

app_name = "grids"
urlpatterns = [path("b/<str:token>/", qr.building_qr, name="building_qr")]
