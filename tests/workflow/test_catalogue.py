"""A new platform begins with the usual categories; what somebody made himself stays as it is."""

import pytest
from django.core.management import call_command

from requests import catalogue
from requests.models import Category

pytestmark = pytest.mark.django_db


def test_an_empty_catalogue_is_filled_once(capsys):
    call_command("begin_catalogue")
    assert Category.objects.filter(is_open=True).count() == len(catalogue.KINDS)
    call_command("begin_catalogue")
    assert Category.objects.count() == len(catalogue.KINDS)
    assert "没有改动" in capsys.readouterr().out


def test_a_catalogue_of_ones_own_is_left_alone():
    Category.objects.create(code="lift", name="电梯")
    assert catalogue.begin() == 0
    assert list(Category.objects.values_list("code", flat=True)) == ["lift"]
