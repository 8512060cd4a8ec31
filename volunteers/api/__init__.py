"""Whistles, claims, registrations, service and boards over the API: the same sight and verbs as the pages."""

from rest_framework.routers import BaseRouter

from volunteers.api.boards import BoardListingViewSet, LeaderboardViewSet, StarViewSet
from volunteers.api.claims import ClaimViewSet
from volunteers.api.crediting import CreditingViewSet
from volunteers.api.placing import PlacingViewSet
from volunteers.api.profile import ProfileViewSet
from volunteers.api.registrations import RegistrationViewSet
from volunteers.api.roster import CommunityRegistrationViewSet
from volunteers.api.service import LedgerViewSet, ServiceViewSet
from volunteers.api.staff_whistles import StaffWhistleViewSet, WhistleTemplateViewSet
from volunteers.api.summaries import SummaryViewSet
from volunteers.api.teams import TeamViewSet
from volunteers.api.thanks import ThanksViewSet
from volunteers.api.whistles import WhistleViewSet
from volunteers.api.wishes import WishViewSet


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("whistles", WhistleViewSet, "whistle")
    router.register("staff-whistles", StaffWhistleViewSet, "staff-whistle")
    router.register("whistle-templates", WhistleTemplateViewSet, "whistle-template")
    router.register("claims", ClaimViewSet, "claim")
    router.register("crediting", CreditingViewSet, "crediting")
    router.register("registrations", RegistrationViewSet, "registration")
    router.register("community-registrations", CommunityRegistrationViewSet, "community-registration")
    router.register("placing", PlacingViewSet, "placing")
    router.register("teams", TeamViewSet, "team")
    router.register("service", ServiceViewSet, "service")
    router.register("volunteer-profile", ProfileViewSet, "volunteer-profile")
    router.register("thanks", ThanksViewSet, "thanks")
    router.register("ledger", LedgerViewSet, "ledger")
    router.register("summaries", SummaryViewSet, "summary")
    router.register("leaderboards", LeaderboardViewSet, "leaderboard")
    router.register("stars", StarViewSet, "star")
    router.register("board-listing", BoardListingViewSet, "board-listing")
    router.register("wishes", WishViewSet, "wish")
