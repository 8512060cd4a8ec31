"""活动汇总: the workbook says what the ledger and the whistles say, sum for sum, and no more than one may see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, Sum
from django.test.utils import CaptureQueriesContext

from ground import clock
from ground.heartbeat import Voice
from organizations.models import Policy, Unit
from organizations.posts import Post
from requests.states import DutyArea
from tests.factories import a_user, appoint
from tests.volunteers import scenes
from tests.volunteers.summary_scenes import FIRST, LAST, Invention, Workbook, moment, written
from volunteers.accounting import crediting
from volunteers.models import Claim, LedgerEntry, Thanks, Whistle
from volunteers.states import ClaimState, Task, WhistleKind, WhistleState
from volunteers.summaries import reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Any:
    return scenes.a_city()


@pytest.fixture
def invented(city, monkeypatch) -> Invention:
    monkeypatch.setattr(reading, "PAGE", 37)  # so that there are many
    return Invention(city, [city.home, city.next_door], entries=700, people=60, units=5)


@pytest.fixture
def officer(city) -> Any:
    user = a_user("区里的人")
    appoint(user, Post.OFFICER, city.district)
    return user


@pytest.fixture
def liaison(invented) -> Any:
    user = a_user("联络员")
    appoint(user, Post.UNIT_LIAISON, invented.units[1])
    return user


class Sums:
    """The same figures, added up by the database in quite another way."""

    def __init__(self, entries: Any, whistles: Any, claims: Any) -> None:
        self.entries, self.whistles, self.claims = entries.order_by(), whistles.order_by(), claims.order_by()

    def of(self, **narrowed: Any) -> dict[str, int]:
        entries = self.entries.filter(**narrowed)
        sums = entries.aggregate(minutes=Sum("minutes", default=0), off=Sum("off_hours_minutes", default=0))
        nets = entries.values("claim", "volunteer").annotate(net=Sum("minutes")).filter(net__gt=0)
        return {
            "服务分钟": sums["minutes"],
            "八小时外分钟": sums["off"],
            "服务人次": len(nets),
            "服务人数": len({row["volunteer"] for row in nets}),
        }


def sums_at(**place: Any) -> Sums:
    span = {"served_at__gte": moment(FIRST), "served_at__lt": moment(LAST + timedelta(days=1))}
    entries = LedgerEntry.objects.filter(**place, **span)
    starts = {"starts_at__gte": moment(FIRST), "starts_at__lt": moment(LAST + timedelta(days=1))}
    begun = Q(**starts, **({} if "unit" in place else place)) & ~Q(state=WhistleState.DRAFT)
    whistles = Whistle.objects.filter(begun | Q(pk__in=entries.values("whistle")))
    return Sums(entries, whistles, Claim.objects.filter(whistle__in=whistles))


def said(row: dict[str, Any]) -> dict[str, int]:
    return {name: round(row[name] or 0) for name in ("服务分钟", "八小时外分钟", "服务人次", "服务人数")}


def check_overview(book: Workbook, sums: Sums) -> None:
    assert said(book.whole) == sums.of()
    for label, field, choices in (
        ("种类", "whistle__kind", WhistleKind),
        ("职责领域", "duty_area", DutyArea),
        ("任务", "whistle__task", Task),
    ):
        lines = book.group(label)
        assert list(lines) == [choice.label for choice in choices]
        for choice in choices:
            assert said(lines[choice.label]) == sums.of(**{field: choice.value}), choice
    for name, line in book.group("月份").items():
        month = date(2026, int(name.removeprefix("2026年").removesuffix("月")), 1)
        later = (month + timedelta(days=31)).replace(day=1)
        assert said(line) == sums.of(served_at__gte=moment(month), served_at__lt=moment(later)), name
    for label in ("种类", "职责领域", "任务", "月份"):
        for column in (
            "发布场数",
            "举办场数",
            "接单",
            "到场",
            "服务人次",
            "服务分钟",
            "八小时外分钟",
            "完成微心愿",
        ):
            whole = sum(line[column] or 0 for line in book.group(label).values())
            assert whole == (book.whole[column] or 0), (label, column)


def check_rows(book: Workbook) -> None:
    """Every total is the sum over the rows, and every sheet says the same."""
    names = ("服务分钟", "八小时外分钟")
    for sheet, minutes, off in (
        *((name, *names) for name in ("活动", "人员", "单位", "社区")),
        ("台账", "分钟", "其中八小时外"),
    ):
        if sheet not in book.names:
            continue
        assert book.sum(sheet, minutes) == book.sums[sheet][minutes] == book.whole["服务分钟"], sheet
        assert book.sum(sheet, off) == book.sums[sheet][off] == book.whole["八小时外分钟"], sheet
        if "服务人次" in book.sums[sheet]:
            assert book.sum(sheet, "服务人次") == book.sums[sheet]["服务人次"] == book.whole["服务人次"]
    assert len(book.rows["活动"]) == book.whole["发布场数"]
    for column in ("接单", "到场", "缺席", "不予认定"):
        assert book.sum("活动", column) == book.sums["活动"][column] == book.whole[column]


class TestOfACommunity:
    def test_every_total_equals_the_sum_over_rows_and_the_ledger(self, city, invented):
        home = city.home
        job = written(home.secretary, home.organization, with_names=True)
        book, sums = Workbook(job), sums_at(community=home.organization)
        assert book.names == ["概况", "活动", "人员", "台账", "说明"]
        check_overview(book, sums)
        check_rows(book)
        assert len(book.rows["台账"]) == sums.entries.count()
        assert len(book.rows["人员"]) == book.whole["服务人数"]
        assert len(book.rows["活动"]) == sums.whistles.count()
        assert job.rows == job.total == sum(len(book.rows[name]) for name in ("活动", "人员", "台账"))

    def test_claims_ratings_and_likes_of_every_whistle(self, city, invented):
        home = city.home
        book = Workbook(written(home.secretary, home.organization, with_names=True))
        lines = {row["编号"]: row for row in book.rows["活动"]}
        counted = {
            "接单": Q(state__in=reading.TOOK),
            "到场": Q(state__in=[ClaimState.CREDITED, ClaimState.CHECKED_OUT]),
            "缺席": Q(state=ClaimState.ABSENT),
            "不予认定": Q(state=ClaimState.REFUSED),
        }
        for whistle in Whistle.objects.filter(number__in=lines):
            line = lines[whistle.number]
            numbers = {name: Count("pk", filter=which) for name, which in counted.items()}
            assert {name: line[name] for name in counted} == whistle.claims.aggregate(**numbers)
            stars = [each.stars for each in whistle.thanks.all() if each.stars]
            assert line["平均评分"] == (sum(stars) / len(stars) if stars else "")
            assert line["点赞"] == whistle.thanks.liked().count()
            assert line["状态"] == whistle.get_state_display()
        thanked = Thanks.objects.filter(whistle__number__in=lines)
        assert book.whole["点赞"] == thanked.liked().count()

    def test_likes_stand_nowhere_where_the_policy_shows_none(self, city, invented):
        Policy.objects.create(
            district=city.district, signed_by=city.home.secretary, document="文", likes_shown=False
        )
        book = Workbook(written(city.home.secretary, city.home.organization, with_names=True))
        assert "点赞" not in book.rows["活动"][0] and "点赞" not in book.whole

    def test_people_of_a_community_that_may_be_seen_but_are_not_asked_for(self, city, invented):
        job = written(city.home.secretary, city.home.organization)
        book = Workbook(job)
        assert book.names == ["概况", "活动", "单位", "说明"]
        assert "党员" not in book.text().replace("在职党员", "")
        check_rows(book)


class TestAbove:
    @pytest.mark.parametrize("which", ["district", "street"])
    def test_counts_only_and_the_same_sums(self, city, invented, officer, which):
        place = getattr(city, which)
        book = Workbook(written(officer, place))
        assert book.names == ["概况", "活动", "单位", "社区", "说明"]
        check_overview(book, sums_at(**{which: place}))
        check_rows(book)
        for volunteer in invented.volunteers:
            assert str(volunteer) not in book.text()
        by_unit = {row["单位"]: row for row in book.rows["单位"]}
        for unit in Unit.objects.filter(name__in=by_unit):
            assert said(by_unit[unit.name]) == sums_at(**{which: place}).of(unit=unit)
        by_community = {row["社区"]: row for row in book.rows["社区"]}
        for community in (city.home.organization, city.next_door.organization):
            line = by_community[community.short_name]
            assert said(line) == sums_at(**{which: place}).of(community=community)
        assert book.sums["社区"]["服务人数"] == book.sums["单位"]["服务人数"] == book.whole["服务人数"]


class TestOfAUnit:
    def test_its_own_people_wherever_they_served(self, invented, liaison):
        unit = invented.units[1]
        book = Workbook(written(liaison, unit, with_names=True))
        assert book.names == ["概况", "活动", "人员", "台账", "说明"]
        sums = sums_at(unit=unit)
        check_overview(book, sums)
        check_rows(book)
        assert {row["单位"] for row in book.rows["人员"]} == {unit.name}
        assert {row["社区"] for row in book.rows["台账"]} == {"花城社区", "隔壁社区"}
        ours = Claim.objects.filter(volunteer__member__unit=unit, state__in=reading.TOOK)
        for line in book.rows["活动"]:
            assert line["接单"] == ours.filter(whistle__number=line["编号"]).count()

    def test_who_has_left_stays_in_what_was_credited(self, invented, liaison):
        unit = invented.units[1]
        before = Workbook(written(liaison, unit, with_names=True)).whole["服务分钟"]
        member = invented.volunteers[1].member
        assert member.unit == unit
        member.unit = invented.units[2]
        member.save()
        book = Workbook(written(liaison, unit, with_names=True))
        assert book.whole["服务分钟"] == before
        check_rows(book)

    def test_counts_for_each_community(self, invented, liaison):
        book = Workbook(written(liaison, invented.units[1]))
        assert book.names == ["概况", "活动", "社区", "说明"]
        check_rows(book)


# Edges


def credited(city: Any, day: date, hour: int, **extra: Any) -> Claim:
    volunteer = extra.pop("volunteer", None) or scenes.a_volunteer(city)
    return scenes.credited(city.home, volunteer, starts_at=moment(day, hour), **extra)


def of_home(city: Any, first: date, last: date) -> Workbook:
    return Workbook(written(city.home.secretary, city.home.organization, first, last, with_names=True))


def test_days_begin_and_end_at_midnight_in_the_city(city):
    day = date(2026, 9, 30)
    credited(city, day, 0, minutes=30)
    credited(city, day, 23, minutes=40)
    credited(city, day + timedelta(days=1), 0, minutes=50)
    assert of_home(city, day, day).whole["服务分钟"] == 70
    assert of_home(city, day, day + timedelta(days=1)).whole["服务分钟"] == 120
    october = of_home(city, day, day + timedelta(days=1)).group("月份")
    assert [october[name]["服务分钟"] for name in ("2026年9月", "2026年10月")] == [70, 50]


def test_leap_day_is_a_day(city):
    credited(city, date(2024, 2, 29), 19, minutes=30)
    assert of_home(city, date(2024, 2, 29), date(2024, 2, 29)).whole["服务分钟"] == 30
    assert list(of_home(city, date(2024, 1, 31), date(2024, 3, 1)).group("月份")) == [
        "2024年1月",
        "2024年2月",
        "2024年3月",
    ]


def test_what_was_corrected_counts_as_it_stands_and_what_was_reversed_not_at_all(city):
    day = date(2026, 9, 15)
    corrected, reversed_ = credited(city, day, 9, minutes=60), credited(city, day, 14, minutes=60)
    crediting.correct(corrected, by=city.home.secretary, minutes=45, reason="提前离开")
    crediting.reverse(reversed_, by=city.home.secretary, reason="记错了人")
    book = of_home(city, day, day)
    assert said(book.whole) | {"八小时外分钟": 0} == {
        "服务分钟": 45,
        "八小时外分钟": 0,
        "服务人次": 1,
        "服务人数": 1,
    }
    assert sorted(row["记账"] for row in book.rows["台账"]) == ["冲销", "更正", "认定", "认定"]
    check_rows(book)


def test_text_stays_text_and_numbers_of_people_are_covered(city):
    day = date(2026, 9, 15)
    claim = credited(city, day, 19, title="=HYPERLINK(1)", place="王奶奶家 13800138000")
    crediting.correct(claim, by=city.home.secretary, minutes=45, reason="电话 13800138000 核对")
    book = of_home(city, day, day)
    assert book.rows["活动"][0]["标题"] == "=HYPERLINK(1)"
    assert "13800138000" not in book.text() and "（号码）" in book.text()
    assert b"<f>" not in book.content
    volunteer = claim.volunteer
    assert volunteer.user.phone not in book.text() and volunteer.user.masked_phone not in book.text()


def test_times_and_days_are_those_of_the_city(city):
    credited(city, date(2026, 9, 15), 19)
    book = of_home(city, date(2026, 9, 15), date(2026, 9, 15))
    assert f"{book.rows['活动'][0]['开始']:%Y-%m-%d %H:%M}" == "2026-09-15 19:00"
    assert f"{book.rows['台账'][0]['服务时间']:%Y-%m-%d %H:%M}" == "2026-09-15 19:00"


def test_somebody_without_a_name_is_not_known_by_his_number(city):
    volunteer = scenes.a_plain_volunteer(city)
    credited(city, date(2026, 9, 15), 19, volunteer=volunteer)
    volunteer.user.name = ""
    volunteer.user.save()
    book = of_home(city, date(2026, 9, 15), date(2026, 9, 15))
    assert book.rows["人员"][0]["姓名"] == book.rows["台账"][0]["姓名"] == "（没有姓名）"


def test_a_ledger_longer_than_a_sheet_goes_on_on_the_next(city, invented, monkeypatch):
    from volunteers.summaries import sheets

    monkeypatch.setattr(sheets, "MOST_ROWS", 100)
    book = Workbook(written(city.home.secretary, city.home.organization, with_names=True))
    ledgers = [name for name in book.names if name.startswith("台账")]
    assert ledgers[:2] == ["台账", "台账 2"] and len(book.rows["台账"]) == 100
    assert sum(book.sum(name, "分钟") for name in ledgers) == book.whole["服务分钟"]


def test_now_is_not_yesterday(city):
    """A summary of today holds what is credited today."""
    with clock.at(moment(date(2026, 9, 15), 22)):
        credited(city, date(2026, 9, 15), 19)
        assert of_home(city, clock.today(), clock.today()).whole["服务人次"] == 1


def test_the_cost_follows_pages_and_not_rows(city):
    """A page more or less is what it costs to have ten times as many entries."""
    from tests.volunteers.summary_scenes import asked
    from volunteers.summaries import running

    def cost(entries: int, seed: int) -> int:
        place = scenes.a_city(f"区{seed}")
        Invention(place, [place.home], entries=entries, people=20, units=3, seed=seed)
        job = asked(place.home.secretary, place.home.organization, with_names=True)
        with CaptureQueriesContext(connection) as queries:
            running.write(job.pk, listen=Voice)
        return len(queries)

    assert cost(40, 1) == cost(400, 2) <= 25
