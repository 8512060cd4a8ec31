"""load_boundaries: the boundaries of many grids from one file, all or none."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grids import places
from grids.models import Grid
from ground.geo import Point, distance_m, to_gcj02
from tests.factories import City, a_city

pytestmark = pytest.mark.django_db
HERE = Point(113.58, 24.80)


@pytest.fixture
def city() -> City:
    return a_city()


def ring(corner: Point = HERE, side: float = 0.01) -> list[list[float]]:
    east, north = corner.lng + side, corner.lat + side
    return [
        [corner.lng, corner.lat], [east, corner.lat], [east, north], [corner.lng, north], [corner.lng, corner.lat],
    ]  # fmt: skip


def feature(code: Any, coordinates: Any = None, kind: str = "Polygon", name: str = "code") -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates if coordinates is not None else [ring()]}
    return {"type": "Feature", "properties": {name: code}, "geometry": geometry}


def run(folder: Path, features: Any, *options: str) -> tuple[str, str, str]:
    """What it said, what it complained of, how it ended."""
    path = folder / "boundaries.geojson"
    whole = (
        features if isinstance(features, (str, dict)) else {"type": "FeatureCollection", "features": features}
    )
    path.write_text(whole if isinstance(whole, str) else json.dumps(whole), encoding="utf-8-sig")
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("load_boundaries", str(path), *options, stdout=out, stderr=err, no_color=True)
    except CommandError as refused:
        return out.getvalue(), err.getvalue(), str(refused)
    return out.getvalue(), err.getvalue(), ""


def test_boundaries_come_by_code_with_the_box_around_them(city, tmp_path):
    home = city.home
    said, _, end = run(
        tmp_path, [feature(home.first_grid.code), feature(home.grid.code, [[[*at, 58.2] for at in ring()]])]
    )
    assert end == "" and said.strip() == "2 个边界已写入，其中 2 个网格原来没有边界。"
    grid = Grid.objects.get(pk=home.grid.pk)
    assert (grid.west, grid.south) == (113.58, 24.80)
    assert grid.boundary["coordinates"][0][0] == [113.58, 24.80], "heights fall away"
    assert (
        run(tmp_path, [feature(home.grid.code)])[0].strip() == "1 个边界已写入，其中 0 个网格原来没有边界。"
    )


def test_a_place_inside_is_found_by_its_new_boundary(city, tmp_path):
    run(tmp_path, [feature(city.home.grid.code)])
    assert places.place_of(point=Point(113.585, 24.805)).grid == city.home.grid


def test_every_fault_is_told_and_nothing_is_saved(city, tmp_path):
    code = city.home.grid.code
    bow = [[[113.58, 24.8], [113.59, 24.81], [113.59, 24.8], [113.58, 24.81], [113.58, 24.8]]]
    swapped = [[[lat, lng] for lng, lat in ring()]]
    _, told, end = run(
        tmp_path,
        [
            feature(city.home.first_grid.code),
            feature("没有的"),
            feature(code, bow),
            feature(code, [113.5, 24.8], "Point"),
            feature(code, swapped),
            feature(None),
            feature(city.home.first_grid.code),
            feature(code, [[["a", "b"]]]),
            {"geometry": None, "properties": {"code": code}},
            "nonsense",
        ],
    )
    lines = told.splitlines()
    assert lines[0] == "第 2 个图形：没有编号为 没有的 的网格"
    assert lines[1].startswith(f"第 3 个图形：{code} 的边界不成立")
    assert lines[2] == f"第 4 个图形：{code} 的图形是 Point，要 Polygon 或 MultiPolygon"
    assert lines[3] == f"第 5 个图形：{code} 的坐标不在国内：经度在前、纬度在后，单位是度"
    assert lines[4].startswith("第 6 个图形：没有网格编号（属性 code）")
    assert lines[5] == f"第 7 个图形：网格编号 {city.home.first_grid.code} 前面已经有了"
    assert lines[6].startswith(f"第 8 个图形：{code} 的边界不成立")
    assert lines[7] == f"第 9 个图形：{code} 的图形是 空的，要 Polygon 或 MultiPolygon"
    assert lines[8].startswith("第 10 个图形：没有网格编号")
    assert end == "10 个图形中 9 个不对，什么都没有写入。"
    assert not Grid.objects.exclude(boundary=None).exists()


def test_checking_writes_nothing(city, tmp_path):
    said, _, end = run(tmp_path, [feature(city.home.grid.code)], "--check")
    assert end == "" and "没有写" in said
    assert not Grid.objects.exclude(boundary=None).exists()


def test_the_code_may_stand_in_another_property(city, tmp_path):
    assert run(tmp_path, [feature(city.home.grid.code, name="编号")], "--property", "编号")[2] == ""
    assert Grid.objects.exclude(boundary=None).count() == 1


def test_gcj02_is_turned_into_wgs84(city, tmp_path):
    shifted = [[list(to_gcj02(Point(*at))) for at in ring()]]
    run(tmp_path, [feature(city.home.grid.code, shifted)], "--datum", "gcj02")
    stored = Grid.objects.get(pk=city.home.grid.pk).boundary["coordinates"][0]
    for there, meant in zip(stored, ring(), strict=True):
        assert distance_m(Point(*there), Point(*meant)) < 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "不是 JSON"),
        ("[]", "FeatureCollection"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ("[" * 100_000, "不是 JSON"),
    ],
)
def test_what_is_no_file_of_boundaries_says_so(city, tmp_path, content, words):
    assert words in run(tmp_path, content)[2]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="打不开"):
        call_command("load_boundaries", str(tmp_path / "nothing.geojson"))
