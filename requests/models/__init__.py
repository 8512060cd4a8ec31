"""点单, 派单 and what belongs to them, by noun."""

from requests.models.catalogue import Category, NumberSeries, ReplyTemplate
from requests.models.dispatches import Dispatch, DispatchEvent, DispatchNote
from requests.models.matters import ServiceRequest, asked_by
from requests.models.records import (
    Consent,
    Hold,
    Note,
    Photo,
    Rating,
    RequestEvent,
    SavedFilter,
    photo_path,
    thumbnail_path,
)

__all__ = [
    "Category",
    "Consent",
    "Dispatch",
    "DispatchEvent",
    "DispatchNote",
    "Hold",
    "Note",
    "NumberSeries",
    "Photo",
    "Rating",
    "ReplyTemplate",
    "RequestEvent",
    "SavedFilter",
    "ServiceRequest",
    "asked_by",
    "photo_path",
    "thumbnail_path",
]
