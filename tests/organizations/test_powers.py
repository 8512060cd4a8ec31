"""The table of RULES 5, written down a second time: whoever changes one must mean to change the other."""

import pytest

from organizations.posts import POWERS, Post, Power, Seat, Tier, powers_of

P = Power
WORK = {P.VERIFY, P.WHISTLE, P.DISPATCH, P.HANDLE}
#: Row of RULES 5 → the powers that its cells speak of.
ROWS: dict[str, set[Power]] = {
    "tree": {P.TREE_SEE},
    "change tree": {P.TREE_CHANGE},
    "requests": {P.REQUESTS_SEE},
    "requests masked": {P.REQUESTS_MASKED},
    "work": WORK,
    "credit, confirm": {P.CREDIT, P.CONFIRM_REGISTRATION},
    "attest": {P.ATTEST},
    "registry": {P.REGISTRY_SEE, P.REGISTRY_CHANGE},
    "names": {P.REGISTRY_NAMES},
    "visit": {P.VISIT},
    "reveal": {P.REVEAL},
    "export": {P.EXPORT_PERSONAL},
    "policies": {P.POLICY_CHANGE},
    "propose policies": {P.POLICY_PROPOSE},
    "access log": {P.ACCESS_LOG},
    "supervise": {P.SUPERVISE},
    "unit": {P.UNIT_SEE, P.PROPOSE_CREDIT},
    "answer": {P.ANSWER_DISPATCH},
    "consent": {P.CONSENT},
}
CELLS: list[tuple[Post, Tier | Seat, str]] = [
    (Post.OFFICER, Seat.CITY, "tree|change tree|requests masked|policies|access log|supervise"),
    (Post.OFFICER, Tier.DISTRICT, "tree|change tree|requests masked|work|policies|access log|supervise"),
    (Post.SECRETARY, Tier.DISTRICT, "tree|change tree|requests masked|work|policies|access log|supervise"),
    (
        Post.OFFICER,
        Tier.STREET,
        "tree|change tree|requests masked|work|propose policies|access log|supervise",
    ),
    (
        Post.SECRETARY,
        Tier.STREET,
        "tree|change tree|requests masked|work|propose policies|access log|supervise",
    ),
    (
        Post.SECRETARY,
        Tier.COMMUNITY,
        "tree|change tree|requests|work|credit, confirm|attest|registry|visit|reveal|export"
        "|propose policies|access log",
    ),
    (
        Post.FIRST_SECRETARY,
        Tier.COMMUNITY,
        "tree|change tree|requests|work|credit, confirm|attest|registry|visit|reveal|propose policies|access log",
    ),
    (
        Post.COMMUNITY_WORKER,
        Tier.COMMUNITY,
        "tree|requests|work|credit, confirm|attest|registry|visit|reveal|propose policies|access log",
    ),
    (Post.SECRETARY, Tier.GRID_BRANCH, "tree|requests masked|attest|names"),
    (Post.FIRST_SECRETARY, Tier.GRID_BRANCH, "tree|requests masked|attest|names"),
    (Post.BUILDING_HEAD, Tier.BUILDING_GROUP, "tree|names|visit"),
    (Post.DUTY_MEMBER, Tier.DUTY_ZONE, "tree|names|visit"),
    (Post.UNIT_LIAISON, Seat.UNIT, "unit"),
    (Post.CASE_OFFICER, Seat.UNIT, "answer"),
    (Post.LEADER_IN_CHARGE, Tier.DISTRICT, "tree|requests masked|supervise|consent"),
]


@pytest.mark.parametrize(("post", "seat", "cells"), CELLS)
def test_a_post_carries_exactly_the_powers_of_its_column(post, seat, cells):
    expected = set().union(*(ROWS[cell] for cell in cells.split("|")))
    assert powers_of(post, seat) == expected


@pytest.mark.parametrize("post", [Post.GRID_WORKER, Post.GRID_LEADER])
def test_grid_posts_handle_and_keep_the_registry_but_do_not_verify(post):
    powers = powers_of(post, Tier.COMMUNITY)
    assert {P.HANDLE, P.REQUESTS_SEE, P.REGISTRY_CHANGE, P.VISIT, P.REVEAL, P.ATTEST} <= powers
    assert not powers & {P.VERIFY, P.WHISTLE, P.DISPATCH, P.CREDIT, P.TREE_CHANGE, P.EXPORT_PERSONAL}


def test_a_pair_outside_the_table_gives_nothing():
    assert powers_of(Post.COOPTED, Tier.COMMUNITY) == frozenset()
    assert powers_of(Post.COMMUNITY_WORKER, Tier.DISTRICT) == frozenset()


def test_only_the_secretary_of_a_community_exports_personal_data():
    assert [key for key, powers in POWERS.items() if P.EXPORT_PERSONAL in powers] == [
        (Post.SECRETARY, Tier.COMMUNITY)
    ]
