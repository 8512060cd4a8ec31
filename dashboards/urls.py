"""Routes of dashboards. Mounted at the site's root: write whole paths here."""

from django.urls import path

from dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("dashboards/", views.home, name="home"),
    path("dashboards/city/", views.city, name="city"),
    path("dashboards/<int:pk>/", views.node, name="node"),
    path("dashboards/<int:pk>/table.csv", views.table, name="table"),
]
