"""Routes of volunteers. Mounted at the site's root: write whole paths here."""

from django.urls import path

from volunteers import views

app_name = "volunteers"
urlpatterns = [
    path("whistles/", views.whistles, name="whistles"),
    path("whistles/<int:pk>/", views.whistle, name="whistle"),
    path("whistles/<int:pk>/claim/", views.claim_whistle, name="claim_whistle"),
    path("claims/", views.claims, name="claims"),
    path("claims/<int:pk>/", views.claim, name="claim"),
    path("claims/<int:pk>/<slug:step>/", views.claim_step, name="claim_step"),
    path("service/", views.service, name="service"),
    path("registration/", views.registration, name="registration"),
    path("leaderboards/", views.own_leaderboard, name="own_leaderboard"),
    path("leaderboards/<int:pk>/", views.leaderboard, name="leaderboard"),
    path("leaderboards/<int:pk>/<int:volunteer>/", views.score, name="score"),
]
