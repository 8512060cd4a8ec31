"""Official division lists: naming, loading, repeating, and every way in which a file is refused."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from organizations import divisions, tree, tree_check
from organizations.models import Organization
from organizations.posts import Tier
from tests.organizations.data import real_list

SMALL = """code,name,parent_code
440203,武江区,
440203001,新华街道,440203
440203001021,花城社区居民委员会,440203001
440203100,西联镇,440203
440203100201,阳山村村民委员会,440203100
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "divisions.csv"
    path.write_text(SMALL, encoding="utf-8")
    return path


def load(path: Path, **options: object) -> str:
    out = io.StringIO()
    call_command("import_divisions", str(path), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def refused(path: Path, content: bytes | str) -> list[str]:
    """The sentences about a bad file, which must leave the tree as it was."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    errors = io.StringIO()
    with pytest.raises(CommandError, match="没有导入任何内容"):
        call_command("import_divisions", str(path), stdout=io.StringIO(), stderr=errors)
    assert not Organization.objects.exists()
    return errors.getvalue().splitlines()


@pytest.mark.parametrize(
    ("code", "official", "name", "short"),
    [
        ("440203", "武江区", "武江区委", "武江区"),
        ("440281", "乐昌市", "乐昌市委", "乐昌市"),
        ("440203001", "新华街道", "新华街道党工委", "新华街道"),
        ("440203001", "新华街道办事处", "新华街道党工委", "新华街道"),
        ("440203100", "西联镇", "西联镇党委", "西联镇"),
        ("440222201", "深渡水瑶族乡", "深渡水瑶族乡党委", "深渡水瑶族乡"),
        ("440232450", "乳阳林场", "乳阳林场党组织", "乳阳林场"),
        ("440203001021", "花城社区居民委员会", "花城社区党委", "花城社区"),
        ("440103021001", "海中社区居委会会", "海中社区党委", "海中社区"),
        ("440222100001", "城东居委会", "城东社区党委", "城东社区"),
        ("440281001001", "南岭居民区社区", "南岭社区党委", "南岭社区"),
        ("440205100001", "茶山居民区社区委员会", "茶山社区党委", "茶山社区"),
        ("440204100001", "江湾社区居民居委会", "江湾社区党委", "江湾社区"),
        ("440281100001", "梅花村村居民委员会", "梅花村社区党委", "梅花村社区"),
        ("440203100201", "阳山村村民委员会", "阳山村党组织", "阳山村"),
        ("440204100201", "什石园村民委员会", "什石园村党组织", "什石园村"),
        ("440222101201", "新村村委会", "新村党组织", "新村"),
        ("440222102498", "河口林场生活区", "河口林场生活区党组织", "河口林场生活区"),
        ("440203400498", "某某管理区", "某某管理区党组织", "某某管理区"),
        ("440203001099", "村", "村党组织", "村"),
        ("440203001098", "甲" * 60, "甲" * 57 + "党组织", "甲" * 40),
    ],
)
def test_local_names(code, official, name, short):
    assert divisions.names_of(code, official) == (name, short)


@pytest.mark.django_db
class TestLoading:
    def test_the_first_three_tiers(self, file):
        assert load(file).startswith("已导入：新增 5，改名 0，未变 0")
        nodes = Organization.objects.values_list("tier", "code", "name", "short_name", "parent__code")
        assert list(nodes) == [
            (Tier.DISTRICT, "440203", "武江区委", "武江区", None),
            (Tier.STREET, "440203001", "新华街道党工委", "新华街道", "440203"),
            (Tier.COMMUNITY, "440203001021", "花城社区党委", "花城社区", "440203001"),
            (Tier.STREET, "440203100", "西联镇党委", "西联镇", "440203"),
            (Tier.COMMUNITY, "440203100201", "阳山村党组织", "阳山村", "440203100"),
        ]
        assert Organization.objects.get(code="440203").letters == "WJ"
        assert tree_check.faults() == []

    def test_a_dry_run_writes_nothing(self, file):
        assert load(file, dry_run=True).startswith("将导入：新增 5")
        assert not Organization.objects.exists()

    def test_one_district_of_a_file(self, file):
        with file.open("a") as more:
            more.write("440204,浈江区,\n440204001,东河街道,440204\n")
        assert "新增 2" in load(file, district="440204")
        with pytest.raises(CommandError):
            load(file, district="440299")

    def test_repeating_changes_nothing_and_closes_nothing(self, file):
        load(file)
        file.write_text("\n".join(SMALL.splitlines()[:3]), encoding="utf-8")
        assert "新增 0，改名 0，未变 2" in load(file)
        assert Organization.objects.open().count() == 5

    def test_new_rows_go_into_the_tree_that_is_there(self, file):
        load(file)
        with file.open("a") as more:
            more.write("440203001022,新的社区居民委员会,440203001\n440203101,西河镇,440203\n")
        assert "新增 2，改名 0，未变 5" in load(file)
        assert tree_check.faults() == []

    def test_a_renamed_place_is_renamed_but_a_name_of_our_own_stays(self, file):
        load(file)
        tree.rename(Organization.objects.get(code="440203100"), name="西联镇党工委", by=None)
        file.write_text(SMALL.replace("花城社区", "花都社区").replace("西联镇", "西莲镇"), encoding="utf-8")
        assert "改名 2，未变 3" in load(file)
        assert Organization.objects.get(code="440203001021").name == "花都社区党委"
        assert Organization.objects.get(code="440203100").name == "西联镇党工委"
        assert "改名 0，未变 5" in load(file)

    def test_a_node_that_was_moved_stays_where_it_is(self, file):
        load(file)
        town = Organization.objects.get(code="440203100")
        tree.move(Organization.objects.get(code="440203001021"), to=town, by=None)
        assert "保持不动）1" in load(file)
        assert Organization.objects.get(code="440203001021").parent == town

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
    def test_encodings(self, file, encoding):
        file.write_text(SMALL, encoding=encoding)
        assert "新增 5" in load(file)

    def test_two_districts_with_the_same_initials(self, file):
        file.write_text("code,name,parent_code\n440203,武江区,\n440299,吴家区,\n", encoding="utf-8")
        load(file)
        assert set(Organization.objects.values_list("letters", flat=True)) == {"WJ", "WJ99"}


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ("44020300109,少一位社区,440203001", "11 位，应为 6、9 或 12 位"),
            ("4402030010AB,有字母社区,440203001", "应全是数字"),
            ("４４０２０３００１０２２,全角社区,440203001", "应全是数字"),
            ("440203001021,重复社区,440203001", "与第 4 行重复"),
            ("440203009022,无上级社区,440203009", "上级代码 440203009 不在文件里"),
            ("440203001022,没有上级社区,", "没有上级代码"),
            ("440204001,别区街道,440203", "不在上级代码 440203 之下"),
            ("440203001022,,440203001", "没有名称"),
            ("440204,浈江区,4402", "上级代码应为空"),
            ("440203001022,少一列", "应有 3 列，实有 2 列"),
            ("440203001022,多,一列,440203001", "应有 3 列，实有 4 列"),
        ],
    )
    def test_a_bad_row_is_named(self, file, row, sentence):
        (told,) = refused(file, f"{SMALL}{row}\n")
        assert told.startswith("第 7 行：")
        assert sentence in told

    def test_every_bad_row_is_named(self, file):
        told = refused(file, SMALL + "12,短,\nabc,字母,\n440203009022,孤儿社区,440203009\n")
        assert [line[:4] for line in told] == ["第 7 ", "第 8 ", "第 9 "]

    def test_a_missing_header(self, file):
        assert refused(file, SMALL.split("\n", 1)[1]) == [
            "第 1 行：第一行应为表头 code,name,parent_code，请补上。"
        ]

    def test_an_empty_file(self, file):
        assert len(refused(file, b"")) == 1

    @pytest.mark.parametrize("encoding", ["utf-16", "big5", "shift_jis"])
    def test_other_encodings(self, file, encoding):
        text = (
            SMALL
            if encoding == "utf-16"
            else "code,name,parent_code\n440203,武江區,\n440203001,中山街道,440203\n"
        )
        assert refused(file, text.encode(encoding))

    def test_a_line_in_another_encoding(self, file):
        lines = SMALL.encode("gbk").splitlines(keepends=True)
        lines[3] = SMALL.encode("utf-8").splitlines(keepends=True)[3]
        (told,) = refused(file, b"".join(lines))
        assert told.startswith("第 4 行")


@pytest.mark.django_db
class TestRealLists:
    def test_shaoguan(self):
        assert "新增 1590" in load(real_list("divisions-shaoguan.csv"))
        assert tree_check.faults() == []
        tiers = Organization.objects.filter(parent=None)
        assert sorted(tiers.values_list("letters", flat=True)) == sorted(
            ["WJ", "ZJ", "QJ", "SX", "RH", "WY", "RY", "XF", "LC", "NX"]
        )
        flower = Organization.objects.get(code="440203001021")
        assert (flower.name, flower.short_name) == ("花城社区党委", "花城社区")

    def test_liwan(self):
        assert "新增 224" in load(real_list("divisions-liwan.csv"))
        assert tree_check.faults() == []

    @pytest.mark.parametrize("name", ["divisions-shaoguan.csv", "divisions-liwan.csv"])
    def test_every_real_name_becomes_a_party_organization(self, name):
        for row in divisions.read(real_list(name).read_bytes()):
            names = divisions.names_of(row.code, row.name)
            assert names.name.endswith(("区委", "县委", "市委", "党工委", "党委", "党组织"))
            assert not any(rest in names.name for rest in ("委员会", "委会", "居民区", "社区社区"))
