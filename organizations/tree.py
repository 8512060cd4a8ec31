"""The only writer of the Party organization tree (HOUSE, the tree).

MPTT rewrites intervals and is not safe against concurrent writers: every verb here first locks the root row
of the tree and reads the nodes that it works on again below that lock. `by=None` is a command or the demo, and
has to be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Case, F, PositiveIntegerField, QuerySet, When

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.kept import A_KEY, Kept
from organizations.letters import letters_of
from organizations.models import Organization
from organizations.posts import Tier
from organizations.powers import can_change_node, can_plant_under
from organizations.signals import organization_closing, organization_moved

BATCH = 2000
MANY = 1000
GONE = "这个党组织已经不在了，请刷新页面。"


@dataclass(slots=True, eq=False)
class Seed:
    """A node to be planted. `parent` is a node of the tree, another seed of the same call, or None for a root."""

    tier: int
    name: str
    parent: Seed | Organization | None = None
    short_name: str = ""
    code: str = ""
    letters: str = ""
    lng: float | None = None
    lat: float | None = None
    official_name: str = ""


def plant(
    *, parent: Organization | None, tier: int, name: str, short_name: str = "", code: str = "", by: Any
) -> Organization:
    """Plant one node as the last child of `parent`; without a parent it is the root of a new district.

    Raises NoPower unless `by` may change the tree strictly below a seat that covers the parent, and
    RuleViolation when the tiers do not descend, the parent is closed, or name or code are taken.
    """
    name = name.strip()
    seed = Seed(
        tier=tier, name=name, parent=parent, short_name=short_name.strip() or name[:40], code=code.strip()
    )
    with transaction.atomic():
        if parent is not None:
            _lock(parent)
            _refuse_twin(parent, name)
        if not can_plant_under(by, parent):
            raise NoPower()
        return plant_many([seed])[0]


def plant_many(seeds: Iterable[Seed]) -> list[Organization]:
    """Plant whole subtrees in one pass and return the nodes in the order of the seeds.

    Intervals are computed here; the gap in an existing tree is opened by one UPDATE per parent, new rows go
    in by batches. For commands and the demo: asks no power. All or nothing; raises RuleViolation.
    """
    seeds = list(seeds)
    offspring = _offspring(seeds)
    with transaction.atomic():
        parents = _fresh_parents(seeds)
        _check(seeds, parents)
        planted: dict[int, Organization] = {}
        _give_letters(offspring.get(None, []))
        for root in offspring.get(None, []):
            _lay_out(root, 0, 1, 0, None, offspring, planted)
        for tree_id in sorted({parent.tree_id for parent in parents.values()}):
            inside = [parent for parent in parents.values() if parent.tree_id == tree_id]
            _attach(inside, offspring, planted)
        _insert(seeds, planted)
        _tell_the_planner(len(seeds))
    return [planted[id(seed)] for seed in seeds]


def move(node: Organization, *, to: Organization, by: Any) -> Organization:
    """Hang a node with everything below it under another parent, as its last child.

    The power must cover both places. Tells the floors above inside the transaction (`organization_moved`).
    """
    with transaction.atomic():
        _lock(node, to)
        if not (can_change_node(by, node) and can_plant_under(by, to)):
            raise NoPower()
        _check_move(node, to)
        old_parent_id = node.parent_id
        Organization.objects.move_node(node, to, position="last-child")
        node.refresh_from_db()
        to.refresh_from_db()
        organization_moved.send(sender=Organization, node=node, old_parent_id=old_parent_id)
    return node


def rename(
    node: Organization, *, name: str, short_name: str = "", may_repeat: bool = False, by: Any
) -> Organization:
    """Give a node another name; without a short name the present one stays.

    `may_repeat`: official lists do name two siblings alike.
    """
    name = name.strip()
    with transaction.atomic():
        _lock(node)
        if not can_change_node(by, node):
            raise NoPower()
        if node.parent is not None and name != node.name and not may_repeat:
            _refuse_twin(node.parent, name)
        _clean(name, node.code)
        node.name, node.short_name = name, short_name.strip() or node.short_name
        Organization.objects.filter(pk=node.pk).update(name=node.name, short_name=node.short_name)
    return node


def close(node: Organization, *, by: Any) -> Organization:
    """Close a node: it stays in the tree, and powers held at it end at once.

    Refused while it has open children, and while a floor above still needs it (`organization_closing`).
    """
    with transaction.atomic():
        _lock(node)
        if not can_change_node(by, node):
            raise NoPower()
        if node.closed_at is not None:
            raise RuleViolation(f"“{node}”已经撤销了。")
        below = Organization.objects.filter(parent=node).open().count()
        if below:
            raise RuleViolation(f"“{node}”下面还有 {below} 个党组织，请先撤销或调整它们。")
        organization_closing.send(sender=Organization, node=node)
        node.closed_at = clock.now()
        Organization.objects.filter(pk=node.pk).update(closed_at=node.closed_at)
    return node


# Locks and checks


def lock_tree(*tree_ids: int) -> None:
    """Lock the root rows of these trees until the transaction ends, always in the same order.

    Their keys stay, so that rows of other tables that point at a district are not kept waiting (and those who
    write them under locks of their own cannot end in a deadlock with a node that moves).
    """
    for each in sorted(set(tree_ids)):
        _ROOT(tree_id=each)


def _root(tree_id: int) -> QuerySet[Organization]:
    roots = Organization.objects.filter(tree_id=tree_id, parent=None).order_by().only("pk")
    return roots.select_for_update(of=("self",), no_key=True)


_ROOT = Kept(_root, tree_id=A_KEY)


_HOLD = "SELECT id FROM {table} WHERE tree_id = %s AND parent_id IS NULL FOR SHARE"


def hold_tree(tree_id: int) -> None:
    """Keep a tree as it stands until the transaction ends. Many may hold it; whoever changes it waits for them."""
    if connection.features.has_select_for_update:  # SQLite lets one write at a time
        table = connection.ops.quote_name(Organization._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(_HOLD.format(table=table), [tree_id])


def _lock(*nodes: Organization) -> None:
    """Lock the trees of the nodes, then bring the nodes up to date."""
    places = Organization.objects.filter(pk__in=[node.pk for node in nodes])
    before = set(places.values_list("tree_id", flat=True))
    lock_tree(*before)
    for node in nodes:
        try:
            node.refresh_from_db()
        except Organization.DoesNotExist:
            raise RuleViolation(GONE) from None
    if {node.tree_id for node in nodes} != before:
        raise RuleViolation("党组织刚刚调整过，请刷新后重试。")


def _fresh_parents(seeds: list[Seed]) -> dict[int, Organization]:
    """The existing parents by id, read again under the locks of their trees."""
    wanted = {seed.parent.pk: seed.parent for seed in seeds if isinstance(seed.parent, Organization)}
    if not wanted:
        return {}
    trees = Organization.objects.filter(pk__in=wanted).values_list("tree_id", flat=True)
    lock_tree(*set(trees))
    fresh = Organization.objects.in_bulk(list(wanted))
    if len(fresh) != len(wanted):
        raise RuleViolation(GONE)
    return fresh


def _check(seeds: list[Seed], parents: dict[int, Organization]) -> None:
    known = {id(seed) for seed in seeds}
    for seed in seeds:
        parent = parents[seed.parent.pk] if isinstance(seed.parent, Organization) else seed.parent
        if isinstance(parent, Seed) and id(parent) not in known:
            raise ValueError("the parent of a seed is not planted with it")
        _clean(seed.name, seed.code)
        _check_tier(seed.tier, parent, seed.name)
        if isinstance(parent, Organization) and parent.closed_at is not None:
            raise RuleViolation(f"“{parent}”已经撤销，不能在它下面新建。")
    codes = [seed.code for seed in seeds if seed.code]
    taken = _taken(codes)
    if taken:
        raise RuleViolation(f"区划代码 {taken} 已经有党组织了。", field="code")


def _taken(codes: list[str]) -> str:
    """A code that occurs twice or is in the tree already, else ''."""
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            return code
        seen.add(code)
    for start in range(0, len(codes), BATCH):
        batch = codes[start : start + BATCH]
        found = Organization.objects.filter(code__in=batch).values_list("code", flat=True).first()
        if found:
            return found
    return ""


def _clean(name: str, code: str) -> None:
    if not name:
        raise RuleViolation("请填写名称。", field="name")
    for field, value in (("name", name), ("code", code)):
        try:
            Organization._meta.get_field(field).run_validators(value)
        except ValidationError as error:
            raise RuleViolation(error.messages[0], field=field) from None


def _check_tier(tier: int, parent: Seed | Organization | None, name: str) -> None:
    if parent is None and tier != Tier.DISTRICT:
        raise RuleViolation("只有区（县）委没有上级，请先选上级党组织。", field="tier")
    if parent is not None and tier <= parent.tier:
        upper, own = Tier(parent.tier).label, Tier(tier).label
        raise RuleViolation(f"“{name}”是{own}，不能建在{upper}“{parent.name}”下面。", field="tier")


def _check_move(node: Organization, to: Organization) -> None:
    if node.closed_at is not None or to.closed_at is not None:
        raise RuleViolation("已经撤销的党组织不能调整，也不能作为上级。")
    if node.is_ancestor_of(to, include_self=True):
        raise RuleViolation("不能把党组织调整到它自己下面。")
    if node.parent_id == to.pk:
        raise RuleViolation(f"“{node}”已经在“{to}”下面了。")
    _check_tier(node.tier, to, node.name)
    _refuse_twin(to, node.name)


def _refuse_twin(parent: Organization, name: str) -> None:
    if Organization.objects.filter(parent=parent, name=name).open().exists():
        raise RuleViolation(f"“{parent}”下面已经有“{name}”，请换一个名称。", field="name")


def _give_letters(roots: list[Seed]) -> None:
    """Districts get the letters of their request numbers, each its own."""
    if not roots:
        return
    taken = set(Organization.objects.filter(parent=None).values_list("letters", flat=True))
    for seed in roots:
        seed.letters = seed.letters or letters_of(seed.name, seed.code, taken=taken)
        taken.add(seed.letters)


# Intervals

Offspring = dict[int | None, list[Seed]]


def _offspring(seeds: list[Seed]) -> Offspring:
    """Seeds by parent: None for roots, the primary key (negative) of a node, the id() of a seed."""
    found: Offspring = {}
    for seed in seeds:
        found.setdefault(_parent_key(seed), []).append(seed)
    return found


def _parent_key(seed: Seed) -> int | None:
    if isinstance(seed.parent, Organization):
        return -seed.parent.pk
    return None if seed.parent is None else id(seed.parent)


def _lay_out(
    seed: Seed,
    tree_id: int,
    left: int,
    level: int,
    parent: Organization | None,
    offspring: Offspring,
    planted: dict[int, Organization],
) -> int:
    """Make the nodes of one subtree with their intervals; gives the first free number after it.

    Recursion is as deep as there are tiers.
    """
    node = Organization(
        parent=parent,
        tier=seed.tier,
        name=seed.name,
        short_name=seed.short_name or seed.name[:40],
        code=seed.code,
        official_name=seed.official_name,
        letters=seed.letters,
        lng=seed.lng,
        lat=seed.lat,
    )
    planted[id(seed)] = node
    node.tree_id, node.level, node.lft = tree_id, level, left
    following = left + 1
    for child in offspring.get(id(seed), []):
        following = _lay_out(child, tree_id, following, level + 1, node, offspring, planted)
    node.rght = following
    return following + 1


def _attach(parents: list[Organization], offspring: Offspring, planted: dict[int, Organization]) -> None:
    """Lay out what goes below existing nodes of one tree, and open the gaps for it.

    From right to left: what has been shifted lies to the right of everything that is still to come.
    """
    widths: dict[int, int] = {}
    for parent in sorted(parents, key=lambda node: node.rght):
        start = following = parent.rght + sum(widths.values())
        for seed in offspring[-parent.pk]:
            level = parent.level + 1
            following = _lay_out(seed, parent.tree_id, following, level, parent, offspring, planted)
        widths[parent.rght] = following - start
    for at, width in sorted(widths.items(), reverse=True):
        shifted = Organization.objects.filter(tree_id=parents[0].tree_id, rght__gte=at).order_by()
        further = Case(
            When(lft__gte=at, then=F("lft") + width), default=F("lft"), output_field=PositiveIntegerField()
        )
        shifted.update(lft=further, rght=F("rght") + width)


def _insert(seeds: list[Seed], planted: dict[int, Organization]) -> None:
    """Insert level by level, so that parents have their keys; a new tree takes the key of its root."""
    by_level: dict[int, list[Organization]] = {}
    for seed in seeds:
        node = planted[id(seed)]
        by_level.setdefault(node.level, []).append(node)
    for level in sorted(by_level):
        for node in by_level[level]:
            parent = node.parent
            if parent is not None:
                node.parent, node.tree_id = parent, parent.tree_id  # the parent has its key by now
        Organization.objects.bulk_create(by_level[level], batch_size=BATCH)
        if level == 0:
            for root in by_level[0]:
                root.tree_id = root.pk
                Organization.objects.filter(pk=root.pk).update(tree_id=root.pk)


def _tell_the_planner(planted: int) -> None:
    """PostgreSQL looks for the parent of each row at the commit, by a plan from when the table was empty: every row
    against every other, two minutes for a district. Once it knows how many there are, it goes by the key.
    """
    if planted >= MANY and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE organizations_organization")
