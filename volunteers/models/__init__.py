"""吹哨、接单、报到: volunteers, teams, whistles, claims, the service ledger and the boards drawn from it."""

from volunteers.models.boards import Board, BoardNews, BoardRow, BoardSnapshot, Star
from volunteers.models.claims import CheckMark, Claim, ClaimEvent, ClaimPhoto, Thanks
from volunteers.models.ledger import LedgerEntry, ServiceBalance
from volunteers.models.people import Registration, RegistrationEvent, Volunteer
from volunteers.models.summaries import SummaryJob
from volunteers.models.teams import Team, TeamMembership
from volunteers.models.whistles import (
    DEFAULT_RADIUS_M,
    Whistle,
    WhistleEvent,
    WhistleSeries,
    WhistleTemplate,
)

__all__ = (
    "DEFAULT_RADIUS_M",
    "Board",
    "BoardNews",
    "BoardRow",
    "BoardSnapshot",
    "CheckMark",
    "Claim",
    "ClaimEvent",
    "ClaimPhoto",
    "LedgerEntry",
    "Registration",
    "RegistrationEvent",
    "ServiceBalance",
    "Star",
    "SummaryJob",
    "Team",
    "TeamMembership",
    "Thanks",
    "Volunteer",
    "Whistle",
    "WhistleEvent",
    "WhistleSeries",
    "WhistleTemplate",
)
