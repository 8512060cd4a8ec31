"""Routes of grids. Mounted at the site's root: write whole paths here."""

from django.urls import path

from grids import views

app_name = "grids"
urlpatterns = [path("b/<str:token>/", views.building_qr, name="building_qr")]
