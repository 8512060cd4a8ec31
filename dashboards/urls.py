"""Routes of dashboards. Mounted at the site's root: write whole paths here."""

from django.urls import path

from dashboards import downloads, map_views, saved_pages, screen_views, views
from dashboards.patterns.urls import urlpatterns as of_patterns

app_name = "dashboards"
urlpatterns = [
    path("dashboards/", views.home, name="home"),
    path("dashboards/city/", views.city, name="city"),
    path("dashboards/<int:pk>/", views.node, name="node"),
    path("dashboards/<int:pk>/table.csv", downloads.old_table, name="table"),
    path("dashboards/city/figures.csv", downloads.table, name="city_figures_csv"),
    path("dashboards/city/figures.xlsx", downloads.workbook, name="city_figures_xlsx"),
    path("dashboards/<int:pk>/figures.csv", downloads.table, name="figures_csv"),
    path("dashboards/<int:pk>/figures.xlsx", downloads.workbook, name="figures_xlsx"),
    path("dashboards/views/", saved_pages.shown, name="views"),
    path("dashboards/views/save/", saved_pages.save, name="save_view"),
    path("dashboards/views/<int:pk>/", saved_pages.opened, name="open_view"),
    path("dashboards/views/<int:pk>/rename/", saved_pages.rename, name="rename_view"),
    path("dashboards/views/<int:pk>/remove/", saved_pages.remove, name="remove_view"),
    path("dashboards/views/<int:pk>/weekly/", saved_pages.send_weekly, name="weekly_view"),
    path("dashboards/weekly/", saved_pages.digest, name="digest"),
    path("dashboards/city/map/", map_views.page, name="city_map_page"),
    path("dashboards/city/map.json", map_views.data, name="city_map"),
    path("dashboards/city/map/points.json", map_views.points, name="city_map_points"),
    path("dashboards/<int:pk>/map/", map_views.page, name="map_page"),
    path("dashboards/<int:pk>/map.json", map_views.data, name="map"),
    path("dashboards/<int:pk>/map/points.json", map_views.points, name="map_points"),
    path("dashboards/city/screen/", screen_views.screen, name="city_screen"),
    path("dashboards/<int:pk>/screen/", screen_views.screen, name="screen"),
    *of_patterns,
]
