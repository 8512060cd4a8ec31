"""What the community should know without counting: ten lists, each answering one question (issue: desk pages and
Excel). A list is data (`listing.Listing`); the page, the sheet and the overview draw every one of them."""

from __future__ import annotations

from grids.lists import (
    care_due,
    contact_duties,
    coverage,
    dwellings,
    four_clear,
    out_of_range,
    posts,
    property_companies,
    three_lacking,
)
from grids.lists.listing import Listing

LISTS: tuple[Listing, ...] = (
    three_lacking.LISTING,
    property_companies.LISTING,
    out_of_range.LISTING,
    coverage.LISTING,
    posts.LISTING,
    dwellings.EMPTY,
    dwellings.HOMELESS,
    contact_duties.LISTING,
    care_due.LISTING,
    four_clear.LISTING,
)
BY_SLUG: dict[str, Listing] = {listing.slug: listing for listing in LISTS}
