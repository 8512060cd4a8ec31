"""Routes of notifications. Mounted at the site's root: write whole paths here."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("messages/", views.messages_list, name="inbox"),
    path("messages/read/", views.read_all, name="read_all"),
    path("messages/preferences/", views.preferences, name="preferences"),
    path("messages/<int:pk>/read/", views.read, name="read"),
]
