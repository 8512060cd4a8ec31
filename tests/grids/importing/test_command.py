"""manage.py import_registry: dry unless told, every bad row in the report, 1 where something stands in the way."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grids.models import ImportJob, Resident
from tests.factories import City
from tests.grids.importing import sheets
from tests.grids.importing.conftest import folder, person
from tests.grids.importing.sheets import an_id

pytestmark = pytest.mark.django_db


def run(city: City, path: Path, *more: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = city.home.organization.code
    call_command("import_registry", str(path), "--community", code, *more, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def a_file(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "居民.xlsx"
    path.write_bytes(sheets.workbook({"居民": (sheets.PEOPLE, list(rows))}))
    return path


def test_a_dry_run_counts_and_leaves_nothing(city: City, tmp_path: Path) -> None:
    out, _ = run(city, a_file(tmp_path, person(0), person(1)))
    assert "新增的人 2" in out
    assert "行/秒" in out
    assert "MB" in out
    assert not Resident.objects.exists()
    assert not ImportJob.objects.exists()
    assert not folder().exists()


def test_bad_rows_end_with_one_and_all_are_in_the_report(city: City, tmp_path: Path) -> None:
    rows = [person(number, 手机号="1", 房号=f"{number % 8 + 1}{number // 8:02d}") for number in range(30)]
    report, err = tmp_path / "改.csv", io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "import_registry",
            str(a_file(tmp_path, *rows)),
            "--community",
            city.home.organization.code,
            "--report",
            str(report),
            stdout=io.StringIO(),
            stderr=err,
        )
    assert err.getvalue().count("手机号") >= 20
    assert err.getvalue().count("\n") == 20
    with report.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file))
    assert [row[1] for row in found[1:]] == [str(number) for number in range(2, 32)]
    assert an_id(0) not in report.read_text(encoding="utf-8-sig") + err.getvalue()


def test_apply_writes_and_a_second_time_has_nothing_to_do(city: City, tmp_path: Path) -> None:
    path = a_file(tmp_path, person(0), person(1))
    out, _ = run(city, path, "--apply")
    assert "已导入" in out
    assert Resident.objects.count() == 2
    assert not list(folder().glob("*"))
    with pytest.raises(CommandError, match="和台账一样"):
        run(city, path, "--apply")
    assert ImportJob.objects.filter(state="cancelled").count() == 1


def test_good_rows_only(city: City, tmp_path: Path) -> None:
    path = a_file(tmp_path, person(0), person(1, 手机号="1"))
    with pytest.raises(CommandError, match="有 1 行要改"):
        run(city, path, "--apply")
    run(city, path, "--apply", "--good-rows-only")
    assert Resident.objects.count() == 1


def test_columns_are_named_on_the_line(city: City, tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes(f"几栋,门,住户,身份证\n花城小区 1 栋,302,王伟,{an_id(0)}\n".encode("gbk"))
    with pytest.raises(CommandError, match="没有认出表头"):
        run(city, path)
    out, _ = run(city, path, "--map", "楼栋名称=几栋", "--map", "房号=门", "--map", "姓名=住户", "--apply")
    assert Resident.objects.get().name == "王伟"
    with pytest.raises(CommandError, match="看不懂"):
        run(city, path, "--map", "属相=门")


def test_what_cannot_be_is_said(city: City, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="读不到文件"):
        run(city, tmp_path / "没有.xlsx")
    with pytest.raises(CommandError, match="没有代码为"):
        call_command("import_registry", str(a_file(tmp_path, person(0))), "--community", "0")
