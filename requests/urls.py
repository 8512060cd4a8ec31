"""Routes of requests. Mounted at the site's root: write whole paths here."""

from django.urls import path

from requests import views

app_name = "requests"
urlpatterns = [
    path("query/", views.query, name="query"),
    path("requests/", views.mine, name="mine"),
    path("requests/new/", views.ask, name="new"),
    path("requests/places/", views.places, name="places"),
    path("requests/<slug:number>/", views.detail, name="detail"),
    path("requests/<slug:number>/receipt/", views.receipt, name="receipt"),
    path("requests/<slug:number>/<slug:step>/", views.step, name="step"),
    path("requests/<slug:number>/photos/<uuid:photo>/", views.photo, name="photo"),
]
