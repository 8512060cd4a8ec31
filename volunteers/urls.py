"""Routes of volunteers. Mounted at the site's root: write whole paths here."""

from django.urls import path

from volunteers.views import (
    boards,
    calendar_file,
    claims,
    onsite,
    profile,
    registration,
    service,
    summaries,
    teams,
    thanking,
    whistles,
    wishes,
)

app_name = "volunteers"
urlpatterns = [
    path("whistles/", whistles.whistles, name="whistles"),
    path("whistles/<int:pk>/", whistles.whistle, name="whistle"),
    path("whistles/<int:pk>/claim/", whistles.claim_whistle, name="claim_whistle"),
    path("whistles/<int:pk>/thank/", thanking.thank, name="thank"),
    path("whistles/<int:pk>/wait/", claims.wait, name="wait"),
    path("whistles/<int:pk>/code/", onsite.code, name="onsite"),
    path("check-in/<int:whistle>/<str:code>/", onsite.check_in_by_code, name="check_in_by_code"),
    path("claims/", claims.claims, name="claims"),
    path("claims/calendar.ics", calendar_file.coming_claims, name="calendar"),
    path("claims/<int:pk>/calendar.ics", calendar_file.one_claim, name="claim_calendar"),
    path("claims/<int:pk>/", claims.claim, name="claim"),
    path("claims/<int:pk>/photos/<uuid:photo>/", claims.claim_photo, name="claim_photo"),
    path("claims/<int:pk>/<slug:step>/", claims.claim_step, name="claim_step"),
    path("wishes/", wishes.wishes, name="wishes"),
    path("service/", service.service, name="service"),
    path("service/profile/", profile.profile, name="profile"),
    path("registration/", registration.registration, name="registration"),
    path("registration/<int:pk>/<slug:step>/", registration.registration_step, name="registration_step"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<int:pk>/", teams.team, name="team"),
    path("teams/<int:pk>/<slug:step>/", teams.team_step, name="team_step"),
    path("desk/summaries/", summaries.summaries, name="summaries"),
    path("desk/summaries/<int:pk>/", summaries.summary, name="summary"),
    path("desk/summaries/<int:pk>/file/", summaries.download, name="summary_download"),
    path("leaderboards/", boards.own_leaderboard, name="own_leaderboard"),
    path("leaderboards/<int:pk>/", boards.leaderboard, name="leaderboard"),
    path("leaderboards/<int:pk>/<int:volunteer>/", boards.score, name="score"),
]
