"""A new platform begins with the usual categories and groups; what somebody made himself stays as it is."""

import pytest
from django.core.management import call_command

from grids import groups
from grids.models import SpecialGroup
from requests import catalogue
from requests.models import Category, ReplyTemplate
from tests.factories import a_city
from volunteers.models import WhistleTemplate
from volunteers.whistling import usual

pytestmark = pytest.mark.django_db


def test_an_empty_catalogue_is_filled_once(capsys):
    call_command("begin_catalogue")
    assert Category.objects.filter(is_open=True).count() == len(catalogue.KINDS)
    assert SpecialGroup.objects.filter(is_open=True).count() == len(groups.USUAL)
    call_command("begin_catalogue")
    assert Category.objects.count() == len(catalogue.KINDS)
    assert SpecialGroup.objects.count() == len(groups.USUAL)
    assert WhistleTemplate.objects.count() == len(usual.USUAL)
    assert capsys.readouterr().out.count("没有改动") == 3


def test_a_catalogue_of_ones_own_is_left_alone():
    Category.objects.create(code="lift", name="电梯")
    SpecialGroup.objects.create(name="渔民", purpose="台风前通知")
    assert catalogue.begin() == groups.begin() == 0
    assert list(Category.objects.values_list("code", flat=True)) == ["lift"]
    assert list(SpecialGroup.objects.values_list("name", flat=True)) == ["渔民"]


def test_no_group_without_a_purpose():
    groups.begin()
    assert all(SpecialGroup.objects.values_list("purpose", flat=True))


def test_a_district_without_reply_templates_gets_the_usual_ones_once(capsys):
    city = a_city()
    call_command("begin_catalogue")
    rows = ReplyTemplate.objects.filter(organization=city.district)
    assert rows.count() == len(catalogue.REPLIES) == 12
    assert set(rows.values_list("step", flat=True)) == set(ReplyTemplate.Use.values)
    assert rows.get(title="已修好").category.code == "repair"
    rows.exclude(title="已办好").delete()
    call_command("begin_catalogue")
    assert rows.count() == 1
    assert capsys.readouterr().out.count("常用语") == 1


def test_what_is_about_a_category_that_is_not_there_is_left_out():
    city = a_city()
    Category.objects.create(code="lift", name="电梯")
    added = catalogue.begin_replies(city.district)
    assert added == sum(1 for _, code, *_ in catalogue.REPLIES if not code)
    assert not ReplyTemplate.objects.exclude(category=None).exists()
