import pytest

from ground.errors import RuleViolation
from operations.simulating import naming
from operations.simulating.presets import LIWAN, SHAOGUAN
from organizations import divisions

LIST = """code,name,parent_code
440203,武江区,
440203001,新华街道,440203
440203001002,五祖路社区居民委员会,440203001
440203001003,惠民西社区居民委员会,440203001
440203100,西联镇,440203
440203100201,车头村委会,440203100
440103,荔湾区,
440103001,沙面街道,440103
440103001101,翠洲社区居民委员会,440103001
""".encode()


def listed(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(LIST)
    return naming.read([file])


def test_names_and_codes_come_out_of_the_list(tmp_path):
    preset = SHAOGUAN.scaled(0.0001)
    assert (preset.districts, preset.communities) == (1, 1)
    rows = naming.rows_of(preset, listed(tmp_path))
    assert [row.name for row in rows] == ["武江区", "新华街道", "五祖路社区居民委员会"]


def test_a_list_that_is_too_short_is_refused(tmp_path):
    with pytest.raises(RuleViolation, match="荔湾区只有 1 个区县、1 个社区，需要 1 个和 201 个"):
        naming.rows_of(LIWAN, listed(tmp_path))


def test_invented_divisions_pass_the_checks_of_official_ones():
    for preset in (SHAOGUAN, LIWAN):
        rows = naming.rows_of(preset, [])
        divisions.check(rows)
        lengths = [len(row.code) for row in rows]
        wanted = [preset.districts, preset.streets, preset.communities]
        assert [lengths.count(length) for length in (6, 9, 12)] == wanted
        names = {(row.parent_code, row.name) for row in rows}
        assert len(names) == len(rows)
