"""Posts carry powers (RULES 5, 任职即授权): the whole permission table of the platform, as data.

A power is held at the seat of an appointment: the city, a node of the Party tree of a certain tier, or a
unit. What the power reaches from there (the node itself, its subtree, its grids) is said in `scope`.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Tier(models.IntegerChoices):
    """The six tiers of the Party organization tree, in order; a place may skip a tier."""

    DISTRICT = 1, "区（县）委"
    STREET = 2, "街道（镇）党工委"
    COMMUNITY = 3, "社区（村）党组织"
    GRID_BRANCH = 4, "网格（小区）党支部"
    BUILDING_GROUP = 5, "楼栋（单元）党小组"
    DUTY_ZONE = 6, "党员责任区（中心户）"


class Seat(StrEnum):
    """Where a post is held, for seats that are not a tier of the tree."""

    CITY = "city"
    UNIT = "unit"


class Post(models.TextChoices):
    SECRETARY = "secretary", "书记"
    FIRST_SECRETARY = "first_secretary", "第一书记"
    LEADER_IN_CHARGE = "leader_in_charge", "分管领导"
    OFFICER = "officer", "工作人员"
    COMMUNITY_WORKER = "community_worker", "社区工作者"
    COOPTED = "coopted", "兼职委员"
    ORGANIZER = "organizer", "组织员"
    GRID_LEADER = "grid_leader", "网格长"
    GRID_WORKER = "grid_worker", "网格员"
    BUILDING_HEAD = "building_head", "楼长"
    DUTY_MEMBER = "duty_member", "党员中心户"
    UNIT_LIAISON = "unit_liaison", "单位联络员"
    CASE_OFFICER = "case_officer", "承办人"


class Power(StrEnum):
    TREE_SEE = "tree_see"  # tree and totals of the subtree
    TREE_CHANGE = "tree_change"  # plant, rename, move, close, appoint below the seat
    REQUESTS_SEE = "requests_see"
    REQUESTS_MASKED = "requests_masked"  # in sight without names and numbers
    VERIFY = "verify"
    WHISTLE = "whistle"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    ANSWER_DISPATCH = "answer_dispatch"
    CREDIT = "credit"
    ATTEST = "attest"
    CONFIRM_REGISTRATION = "confirm_registration"
    PROPOSE_CREDIT = "propose_credit"
    REGISTRY_SEE = "registry_see"  # masked
    REGISTRY_NAMES = "registry_names"  # names only
    REGISTRY_CHANGE = "registry_change"
    VISIT = "visit"
    REVEAL = "reveal"
    EXPORT_PERSONAL = "export_personal"
    POLICY_CHANGE = "policy_change"
    POLICY_PROPOSE = "policy_propose"
    ACCESS_LOG = "access_log"
    SUPERVISE = "supervise"
    CONSENT = "consent"
    UNIT_SEE = "unit_see"  # own unit's people and figures


P = Power
_CITY = frozenset({P.TREE_SEE, P.TREE_CHANGE, P.REQUESTS_MASKED, P.POLICY_CHANGE, P.ACCESS_LOG, P.SUPERVISE})
_DISTRICT = _CITY | {P.VERIFY, P.WHISTLE, P.DISPATCH, P.HANDLE}
_STREET = (_DISTRICT - {P.POLICY_CHANGE}) | {P.POLICY_PROPOSE}
_COMMUNITY = frozenset(
    {P.TREE_SEE, P.TREE_CHANGE, P.REQUESTS_SEE, P.VERIFY, P.WHISTLE, P.DISPATCH, P.HANDLE}
    | {P.CREDIT, P.ATTEST, P.CONFIRM_REGISTRATION, P.REGISTRY_SEE, P.REGISTRY_CHANGE, P.VISIT, P.REVEAL}
    | {P.POLICY_PROPOSE, P.ACCESS_LOG}
)
_BRANCH = frozenset({P.TREE_SEE, P.REQUESTS_MASKED, P.ATTEST, P.REGISTRY_NAMES})
_GRID = frozenset(
    {P.TREE_SEE, P.REQUESTS_SEE, P.HANDLE, P.ATTEST, P.REGISTRY_SEE, P.REGISTRY_CHANGE, P.VISIT, P.REVEAL}
)
_DOOR = frozenset({P.TREE_SEE, P.REGISTRY_NAMES, P.VISIT})
_LEADER = frozenset({P.TREE_SEE, P.REQUESTS_MASKED, P.CONSENT, P.SUPERVISE})

#: (post, tier or seat) → powers. A pair that is not here gives none.
POWERS: dict[tuple[Post, Tier | Seat], frozenset[Power]] = {
    (Post.OFFICER, Seat.CITY): _CITY,
    (Post.LEADER_IN_CHARGE, Seat.CITY): _LEADER,
    (Post.SECRETARY, Tier.DISTRICT): _DISTRICT,
    (Post.OFFICER, Tier.DISTRICT): _DISTRICT,
    (Post.LEADER_IN_CHARGE, Tier.DISTRICT): _LEADER,
    (Post.SECRETARY, Tier.STREET): _STREET,
    (Post.OFFICER, Tier.STREET): _STREET,
    (Post.LEADER_IN_CHARGE, Tier.STREET): _LEADER,
    (Post.SECRETARY, Tier.COMMUNITY): _COMMUNITY | {P.EXPORT_PERSONAL},
    (Post.FIRST_SECRETARY, Tier.COMMUNITY): _COMMUNITY,
    (Post.COMMUNITY_WORKER, Tier.COMMUNITY): _COMMUNITY - {P.TREE_CHANGE},
    # Grid workers and leaders are appointed at the community; their GridDuty narrows them to their grids.
    (Post.GRID_WORKER, Tier.COMMUNITY): _GRID,
    (Post.GRID_LEADER, Tier.COMMUNITY): _GRID,
    (Post.GRID_LEADER, Tier.GRID_BRANCH): _GRID,
    (Post.SECRETARY, Tier.GRID_BRANCH): _BRANCH,
    (Post.FIRST_SECRETARY, Tier.GRID_BRANCH): _BRANCH,
    (Post.SECRETARY, Tier.BUILDING_GROUP): _DOOR,
    (Post.FIRST_SECRETARY, Tier.BUILDING_GROUP): _DOOR,
    (Post.BUILDING_HEAD, Tier.BUILDING_GROUP): _DOOR,
    (Post.DUTY_MEMBER, Tier.BUILDING_GROUP): _DOOR,
    (Post.DUTY_MEMBER, Tier.DUTY_ZONE): _DOOR,
    (Post.UNIT_LIAISON, Seat.UNIT): frozenset({P.UNIT_SEE, P.PROPOSE_CREDIT}),
    (Post.CASE_OFFICER, Seat.UNIT): frozenset({P.ANSWER_DISPATCH}),
}

#: Posts whose powers at a community reach only the grids that a GridDuty gives them.
GRID_POSTS = frozenset({Post.GRID_WORKER, Post.GRID_LEADER})


def powers_of(post: str, seat: Tier | Seat) -> frozenset[Power]:
    """What a post may do at a seat; empty for a pair outside the table."""
    return POWERS.get((Post(post), seat), frozenset())
