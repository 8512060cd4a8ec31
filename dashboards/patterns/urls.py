"""Routes of 未诉先办: pages of the desk, in the namespace of dashboards."""

from django.urls import path

from dashboards.patterns import views

urlpatterns = [
    path("desk/patterns/", views.patterns, name="patterns"),
    path("desk/patterns/<int:pk>/", views.pattern, name="pattern"),
    path("desk/patterns/<int:pk>/file/", views.file, name="file_pattern"),
    path("desk/patterns/<int:pk>/dismiss/", views.dismiss, name="dismiss_pattern"),
]
