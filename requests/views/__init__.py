"""The pages of whoever asked, on the phone, and those of who was helped to ask, by noun."""

from requests.views.asking import ask, places
from requests.views.looking_up import query, receipt
from requests.views.mine import mine
from requests.views.one import detail, step
from requests.views.pictures import photo, photo_response, picture_response

__all__ = [
    "ask",
    "detail",
    "mine",
    "photo",
    "photo_response",
    "picture_response",
    "places",
    "query",
    "receipt",
    "step",
]
