"""Routes of volunteers. Mounted at the site's root: write whole paths here."""

from django.urls import path

from volunteers.views import service, whistles

app_name = "volunteers"
urlpatterns = [
    path("whistles/", whistles.whistles, name="whistles"),
    path("whistles/<int:pk>/", whistles.whistle, name="whistle"),
    path("whistles/<int:pk>/claim/", whistles.claim_whistle, name="claim_whistle"),
    path("claims/", whistles.claims, name="claims"),
    path("claims/<int:pk>/", whistles.claim, name="claim"),
    path("claims/<int:pk>/<slug:step>/", whistles.claim_step, name="claim_step"),
    path("service/", service.service, name="service"),
    path("registration/", service.registration, name="registration"),
    path("leaderboards/", service.own_leaderboard, name="own_leaderboard"),
    path("leaderboards/<int:pk>/", service.leaderboard, name="leaderboard"),
    path("leaderboards/<int:pk>/<int:volunteer>/", service.score, name="score"),
]
