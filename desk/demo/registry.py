"""The registry of the demo: 花城社区 brought its sheets, keeps them true, and has something left to mend."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from desk.demo.names import Cast
from desk.demo.people import People
from desk.demo.places import Community, Land
from desk.demo.population import Census, Row, rows_of
from grids import absences, dwellings, groups, households, policies, residents
from grids.importing import jobs
from grids.models import Compound, GridDuty, Home, Household, ImportJob, Resident, TerritoryPolicy
from grids.models.people import CareLevel
from grids.particulars import Particulars
from ground import clock
from ground.identity import DocumentKind
from ground.sheets import BookWriter, Column
from organizations.models import Appointment, Member, Unit, UnitBranch
from organizations.models.policies import Preset
from organizations.policies import sign as sign_policy
from organizations.posts import Post, Tier

HEADINGS = (
    *("楼栋编码", "单元", "楼层", "房号", "房屋用途", "姓名", "证件类型", "证件号码", "手机号"),
    *("与户主关系", "居住类型", "重点人群", "出生日期", "性别"),
)
#: Property companies beside the one that is a unit of the demo already; has it a Party branch?
COMPANIES = (("安居物业管理有限公司", True), ("金盾物业服务有限公司", False), ("粤北家园物业有限公司", False))
#: Compounds of 花城社区 with nothing at all: 三无小区.
LACKING = ("芙蓉里", "供销大院", "工业新村")
OLD = ("电厂宿舍", "教师新村", "供销大院", "工业新村", "榕树里")
#: How many households a member keeps in touch with; ten is meant.
CONTACTS = (10, 10, 9, 11, 10, 8, 12, 10, 4, 17)
REASONS = {
    CareLevel.YELLOW: ("子女在外地，一个人住", "刚出院，行动不便", "家里有高龄老人", "孩子放学没人接"),
    CareLevel.RED: ("独居且听力不好，要上门确认", "重病在家，靠邻居帮忙", "家庭突发变故，生活困难"),
}


def settle_in(land: Land, people: People, chance: random.Random, cast: Cast) -> None:
    """Everything of the registry, after the people of the demo are there and before its eight weeks are replayed."""
    groups.begin()
    home, neighbour = land.huacheng, _neighbour(land)
    _govern(land, people, chance)
    census = Census(chance, cast)
    with clock.at(_in_office(75, 10)):
        _sign_policy(land, people)
        _bring(home, people.secretary, _sheet(home, census, _heads(people)), "花城社区居民台账.xlsx")
        _bring(
            neighbour, people.neighbours[neighbour.node.code], _sheet(neighbour, census, {}), "居民信息.xlsx"
        )
    _keep_in_touch(home, people)
    _care(home, people, chance)
    _odds_and_ends(home, people, census)
    _waiting_sheet(home, people, census)
    _away(home, people)


def _in_office(days: int, hour: int) -> datetime:
    """So many days ago, while the office is open."""
    return clock.midnight(clock.today() - timedelta(days=days)) + timedelta(hours=hour, minutes=20)


def _neighbour(land: Land) -> Community:
    return next(place for place in land.others() if place.node.short_name == "芙蓉东社区")


# Compounds: companies, committees, branches


def _govern(land: Land, people: People, chance: random.Random) -> None:
    """Most compounds have all three, some lack one, a few lack everything (D9, C10)."""
    companies = list(Unit.objects.filter(kind=Unit.Kind.PROPERTY))
    for name, has_branch in COMPANIES:
        company = Unit.objects.create(name=name, kind=Unit.Kind.PROPERTY, district=land.district)
        companies.append(company)
        if has_branch:
            UnitBranch.objects.create(unit=company, name=f"{name}党支部", superior=land.district)
    for place in land.communities.values():
        for number, compound in enumerate(Compound.objects.filter(community=place.node).order_by("pk")):
            _furnish(compound, number, companies, chance)


def _furnish(compound: Compound, number: int, companies: list[Unit], chance: random.Random) -> None:
    compound.kind = Compound.Kind.OLD if compound.name in OLD else Compound.Kind.COMMERCIAL
    bare = compound.name in LACKING or (number == 1 and chance.random() < 0.2)
    if not bare:
        compound.property_company = chance.choice(companies) if chance.random() < 0.85 else None
        if chance.random() < 0.6:
            compound.owners_committee, _ = Unit.objects.get_or_create(
                name=f"{compound.community.short_name}{compound.name}业主委员会",  # type: ignore[union-attr]
                kind=Unit.Kind.OWNERS,
                district_id=compound.district_id,
                defaults={"street_id": compound.street_id, "community_id": compound.community_id},
            )
        if compound.grid is not None and chance.random() < 0.8:
            compound.branch = compound.grid.branch
    elif number % 2 == 0:
        compound.paired_unit = Unit.objects.filter(kind=Unit.Kind.AGENCY).order_by("pk")[number % 6]
    compound.save()


def _sign_policy(land: Land, people: People) -> None:
    officer = people.district
    usual = TerritoryPolicy(district=land.district)
    policies.sign(
        by=officer,
        district=land.district,
        begins_on=clock.today(),
        document="武组通〔2026〕12 号",
        **{name: getattr(usual, name) for name in policies.NUMBERS},
    )
    sign_policy(
        by=officer,
        district=land.district,
        begins_on=clock.today(),
        document="武组通〔2026〕15 号",
        preset=Preset.SHAOGUAN,
    )


# The sheets


def _heads(people: People) -> dict[int, list[tuple[str, str]]]:
    """Building id → names and telephones of the accounts that live there."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for user, house in people.residents:
        found[house.pk].append((user.name, user.phone))
    return found


def _sheet(place: Community, census: Census, heads: dict[int, list[tuple[str, str]]]) -> list[Row]:
    return [row for house in place.buildings for row in rows_of(house, census, heads.get(house.pk, []))]


def _book(rows: Iterable[Row]) -> bytes:
    columns = [Column(title, as_text=True) for title in HEADINGS]
    with BookWriter() as book:
        book.table("居民", columns, ([row.get(title, "") for title in HEADINGS] for row in rows))
    return book.content()


def _bring(place: Community, by: object, rows: list[Row], name: str) -> ImportJob:
    """Upload, check, confirm and load, as on the page; a fault in the invented rows would be ours."""
    job = jobs.begin(by=by, community=place.node, content=_book(rows), name=name, is_handed_over=False)
    jobs.check(job.pk)
    job.refresh_from_db()
    jobs.confirm(job, by=by, is_handed_over=False)
    jobs.load(job.pk)
    job.refresh_from_db()
    if job.state != ImportJob.State.DONE:
        raise AssertionError(f"the demo's sheet was not loaded: {job.state} {job.counts}")
    return job


def _waiting_sheet(place: Community, people: People, census: Census) -> None:
    """A sheet with faults lies on the import page, checked and not loaded."""
    house = place.buildings[-1]
    rows = [dict(row) for row in rows_of(house, census, []) if row.get("姓名")][:40]
    for row in rows:  # doors that are not recorded yet: flats that were divided
        row["房号"] += "A"
    rows[3]["证件号码"] = rows[3]["证件号码"][:-1] + ("1" if rows[3]["证件号码"][-1] != "1" else "2")
    rows[7]["手机号"] = "1990000"
    rows[11]["楼栋编码"] = f"{place.node.code}-99-01"
    rows[15]["与户主关系"] = "户主的朋友"
    rows[19]["楼层"], rows[19]["房号"] = "77", "7701"
    rows[23]["姓名"] = ""
    with clock.at(_in_office(1, 16)):
        content = _book(rows)
        job = jobs.begin(
            by=people.worker,
            community=place.node,
            content=content,
            name="新增住户.xlsx",
            is_handed_over=False,
        )
        jobs.check(job.pk)


# What is kept true afterwards


def _keep_in_touch(place: Community, people: People) -> None:
    """Members who live here look after households of their own grid, "1+10" (C5)."""
    members: dict[int, list[int]] = defaultdict(list)
    homes = Home.objects.filter(building__community=place.node).order_by("pk")
    for member, grid_id in homes.values_list("member", "building__grid"):
        members[grid_id].append(member)
    changed = []
    for grid in place.grids:
        left = iter(Household.objects.filter(grid=grid).order_by("pk"))
        for number, member in enumerate(members[grid.pk]):
            for _ in range(CONTACTS[number % len(CONTACTS)]):
                if (household := next(left, None)) is not None:
                    household.contact_member_id = member
                    changed.append(household)
    Household.objects.bulk_update(changed, ["contact_member"], batch_size=500)
    _name_duty_members(place, [members[grid.pk][1] for grid in place.grids], people)


def _name_duty_members(place: Community, chosen: list[int], people: People) -> None:
    """党员中心户: of those who keep in touch, one in each grid holds the duty zone of its last house (L1, N5)."""
    zones = place.node.get_descendants().filter(tier=Tier.DUTY_ZONE).order_by("lft")
    users = dict(Member.objects.filter(pk__in=chosen).values_list("pk", "user"))
    Appointment.objects.bulk_create(
        Appointment(
            user_id=users[member], post=Post.DUTY_MEMBER, organization=zone, appointed_by=people.secretary,
            begins_on=clock.today() - timedelta(days=200),
        )
        for zone, member in zip(zones, chosen, strict=True)
    )  # fmt: skip


def _care(place: Community, people: People, chance: random.Random) -> None:
    """关心户 and 连心户 among the old who live alone, assessed over the last months; some are due again."""
    old = Household.objects.filter(community=place.node, residents__groups__name__in=["独居老人", "低保户"])
    for number, household in enumerate(old.distinct().order_by("pk")[::4]):
        level = CareLevel.RED if number % 4 == 0 else CareLevel.YELLOW
        by = people.grid_workers[household.grid_id][0] if number % 2 else people.worker
        with clock.at(_in_office(chance.randint(1, 74), chance.randint(9, 17))):
            review = clock.today() + timedelta(days=chance.choice((30, 60, 90)))
            households.assess(
                household, by=by, level=level, reason=chance.choice(REASONS[level]), review_on=review
            )


def _odds_and_ends(place: Community, people: People, census: Census) -> None:
    """Linked accounts, a few who moved out or have no dwelling, a dwelling of nobody, members whose building is not
    known, and the same person twice."""
    for user, _house in people.residents[:20]:
        mine = Resident.objects.filter(community=place.node, phone_index=user.phone_index).first()
        if mine is not None:
            residents.link_account(mine, by=people.worker)
    some = list(Resident.objects.present().filter(community=place.node, relation="tenant").order_by("pk")[:6])
    for resident in some:
        residents.leave(resident, by=people.worker, why="租约到期")
    for _ in range(5):
        given = Particulars(
            name=census.name(), document_number=census.document(census.born(30, 50), "男"), residence="away"
        )
        residents.enter(given, by=people.worker, community=place.node)
    house = place.buildings[0]
    dwellings.add(by=people.worker, building=house, staircase="1", floor=1, door="103", use="own")
    unclear = Home.objects.filter(building__community=place.node).order_by("pk")[3:5]
    Home.objects.filter(pk__in=[home.pk for home in unclear]).update(building=None)
    _twins(place, people)


def _twins(place: Community, people: People) -> None:
    """Two people were entered again without a document: offered for merging by name and telephone."""
    known = Resident.objects.present().filter(community=place.node, relation="head").exclude(phone="")
    for resident in known.order_by("pk")[30:90:30]:
        others = Household.objects.filter(community=place.node).order_by("-pk")
        other = next(each for each in others[resident.pk % 50 :] if each != resident.household)
        given = Particulars(
            name=resident.name,
            document_kind=DocumentKind.NONE,
            phone=resident.phone,
            relation=Resident.Relation.OTHER,
        )
        residents.enter(given, by=people.secretary, household=other)


def _away(place: Community, people: People) -> None:
    """One grid worker is on leave: the B post has the work (N6). One grid has lost its B post."""
    duty = GridDuty.objects.filter(grid=place.grids[2], part="A").select_related("appointment").get()
    absences.note(
        by=people.secretary,
        appointment=duty.appointment,
        begins_on=clock.today() - timedelta(days=2),
        ends_on=clock.today() + timedelta(days=5),
        reason="年假",
    )
    GridDuty.objects.filter(grid=place.grids[4], part="B").update(ends_on=clock.today() - timedelta(days=10))
