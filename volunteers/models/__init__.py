"""吹哨、接单、报到: volunteers, whistles, claims, the service ledger and the boards drawn from it."""

from volunteers.models.ledger import Board, BoardRow, LedgerEntry
from volunteers.models.people import Registration, RegistrationEvent, Volunteer
from volunteers.models.whistles import DEFAULT_RADIUS_M, Claim, ClaimEvent, Whistle, WhistleEvent

__all__ = (
    "DEFAULT_RADIUS_M",
    "Board",
    "BoardRow",
    "Claim",
    "ClaimEvent",
    "LedgerEntry",
    "Registration",
    "RegistrationEvent",
    "Volunteer",
    "Whistle",
    "WhistleEvent",
)
