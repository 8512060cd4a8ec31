"""The tree: planting, moving, renaming, closing; after every change it is proved sound."""

from collections.abc import Iterator

import pytest

from ground.errors import RuleViolation
from organizations import tree, tree_check
from organizations.models import Organization
from organizations.posts import Tier
from organizations.signals import organization_closing, organization_moved
from organizations.tree import Seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound(db: None) -> Iterator[None]:
    yield
    assert tree_check.faults() == []


@pytest.fixture
def district() -> Organization:
    return tree.plant(
        parent=None, tier=Tier.DISTRICT, name="武江区委", short_name="武江区", code="440203", by=None
    )


@pytest.fixture
def street(district: Organization) -> Organization:
    return tree.plant(parent=district, tier=Tier.STREET, name="新华街道党工委", code="440203001", by=None)


def names() -> list[str]:
    return [f"{node.level}{node.name}" for node in Organization.objects.order_by("tree_id", "lft")]


def test_children_come_in_the_order_of_planting(district, street):
    tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)
    tree.plant(parent=district, tier=Tier.STREET, name="惠民街道党工委", by=None)
    tree.plant(parent=street, tier=Tier.GRID_BRANCH, name="跳级党支部", by=None)
    assert names() == ["0武江区委", "1新华街道党工委", "2花城社区党委", "2跳级党支部", "1惠民街道党工委"]


def test_many_seeds_go_below_several_nodes_and_each_other(district, street):
    other = tree.plant(parent=district, tier=Tier.STREET, name="惠民街道党工委", by=None)
    first = tree.plant(parent=street, tier=Tier.COMMUNITY, name="一", by=None)
    community = Seed(Tier.COMMUNITY, "二", parent=street)
    seeds = [
        Seed(
            Tier.BUILDING_GROUP,
            "二·支部·组",
            parent=(branch := Seed(Tier.GRID_BRANCH, "二·支部", parent=community)),
        ),
        branch,
        community,
        Seed(Tier.GRID_BRANCH, "一·支部", parent=first),
        Seed(Tier.COMMUNITY, "三", parent=other),
        Seed(Tier.STREET, "西联镇党委", parent=district),
        Seed(Tier.DISTRICT, "浈江区委"),
    ]
    planted = tree.plant_many(seeds)
    assert [node.name for node in planted] == [seed.name for seed in seeds]
    assert names() == [
        *("0武江区委", "1新华街道党工委", "2一", "3一·支部", "2二", "3二·支部", "4二·支部·组"),
        *("1惠民街道党工委", "2三", "1西联镇党委", "0浈江区委"),
    ]


def test_tiers_descend(street):
    with pytest.raises(RuleViolation, match="不能建在"):
        tree.plant(parent=street, tier=Tier.STREET, name="又一个街道", by=None)
    with pytest.raises(RuleViolation, match="只有区（县）委没有上级"):
        tree.plant(parent=None, tier=Tier.COMMUNITY, name="没有上级", by=None)


def test_nothing_of_a_bad_batch_is_planted(street):
    with pytest.raises(RuleViolation, match="440203001"):
        tree.plant_many(
            [Seed(Tier.COMMUNITY, "好的", street), Seed(Tier.COMMUNITY, "重号", street, code="440203001")]
        )
    assert not Organization.objects.filter(name="好的").exists()


def test_a_name_is_used_once_among_the_children_of_a_node(street):
    tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)
    with pytest.raises(RuleViolation, match="已经有“花城社区党委”"):
        tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)


def test_a_node_moves_with_everything_below_it(district, street):
    other = tree.plant(parent=district, tier=Tier.STREET, name="惠民街道党工委", by=None)
    community = tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)
    tree.plant(parent=community, tier=Tier.GRID_BRANCH, name="一支部", by=None)
    heard = []

    def listener(node: Organization, old_parent_id: int, **kwargs: object) -> None:
        heard.append((node.pk, old_parent_id, [line.name for line in node.get_ancestors()]))

    organization_moved.connect(listener)
    try:
        tree.move(community, to=other, by=None)
    finally:
        organization_moved.disconnect(listener)
    assert names()[-3:] == ["1惠民街道党工委", "2花城社区党委", "3一支部"]
    assert heard == [(community.pk, street.pk, ["武江区委", "惠民街道党工委"])]


def test_a_node_moves_to_another_district(district, street):
    other = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", by=None)
    tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)
    tree.move(street, to=other, by=None)
    assert names() == ["0武江区委", "0浈江区委", "1新华街道党工委", "2花城社区党委"]


def test_a_node_does_not_move_below_itself_or_upside_down(district, street):
    community = tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)
    branch = tree.plant(parent=community, tier=Tier.GRID_BRANCH, name="一支部", by=None)
    for to, sentence in [(branch, "自己下面"), (street, "已经在"), (community, "自己下面")]:
        with pytest.raises(RuleViolation, match=sentence):
            tree.move(community, to=to, by=None)
    with pytest.raises(RuleViolation, match="不能建在"):
        tree.move(
            street, to=tree.plant(parent=district, tier=Tier.COMMUNITY, name="直属社区党委", by=None), by=None
        )


def test_renaming_keeps_the_place_and_the_short_name(street):
    tree.rename(street, name="新华街道工委", by=None)
    street.refresh_from_db()
    assert (street.name, street.short_name, street.level) == ("新华街道工委", "新华街道党工委", 1)
    with pytest.raises(RuleViolation, match="请填写名称"):
        tree.rename(street, name=" ", by=None)


def test_a_node_with_open_children_is_not_closed(district, street):
    with pytest.raises(RuleViolation, match="还有 1 个党组织"):
        tree.close(district, by=None)
    tree.close(street, by=None)
    tree.close(district, by=None)
    with pytest.raises(RuleViolation, match="已经撤销"):
        tree.plant(parent=street, tier=Tier.COMMUNITY, name="花城社区党委", by=None)


def test_a_floor_above_may_refuse_the_closing(street):
    def refuse(node: Organization, **kwargs: object) -> None:
        raise RuleViolation("还有未办结的点单。")

    organization_closing.connect(refuse)
    try:
        with pytest.raises(RuleViolation, match="还有未办结的点单"):
            tree.close(street, by=None)
    finally:
        organization_closing.disconnect(refuse)
    street.refresh_from_db()
    assert street.closed_at is None
