"""Names as they are kept, their initials, and ranges that SQLite and PostgreSQL agree on."""

import time

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ground.names import initials_of, letters_range, name_fault, name_key, normal_name, prefix_range


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张三", "张三"),
        (" 张 三 ", "张三"),
        ("张　三\n", "张三"),
        ("张\u200b三\ufeff", "张三"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提‧艾力", "买买提·艾力"),
        ("买买提 · 艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("Ｊohn  Smith Jr.", "John Smith Jr."),
        ("J. Smith", "J. Smith"),
        ("O'Brien", "O'Brien"),
        ("𠮷野 太郎", "𠮷野太郎"),
        ("\ue863三", "\ue863三"),
        ("", ""),
    ],
)
def test_a_name_has_one_way_of_being_written(typed, name):
    assert normal_name(typed) == name
    assert normal_name(name) == name


@pytest.mark.parametrize(
    "name", ["张三", "李", "买买提·艾力", "Maria da Silva", "O'Brien", "𠮷野", "空海", "无忌", "Éva", "Жанна"]
)
def test_names_of_people_have_no_fault(name):
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "请填写"),
        (" \u3000", "请填写"),
        ("户主", "真实姓名"),
        (" 同 上 ", "真实姓名"),
        ("无名", "真实姓名"),
        ("张三2", "数字"),
        ("张" * 41, "40"),
        ("张\x07三", "控制字符"),
        ("张三(已故)", "标点"),
        ("·三", "标点"),
        ("张三😀", "标点"),
    ],
)
def test_what_is_no_name_is_refused_with_what_to_do(name, says):
    fault = name_fault(name)
    assert says in fault and (len(name) < 3 or name not in fault)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张三", "zs"),
        ("单田芳", "stf"),
        ("曾国藩", "zgf"),
        ("解缙", "xj"),
        ("仇英", "qy"),
        ("区楚良", "ocl"),
        ("查良镛", "zly"),
        ("翟志刚", "zzg"),
        ("朴树", "ps"),
        ("冼星海", "xxh"),
        ("缪荃孙", "mqs"),
        ("任正非", "rzf"),
        ("宁静", "nj"),
        ("盖叫天", "gjt"),
        ("尉迟恭", "ycg"),
        ("尉健行", "wjx"),
        ("万俟卨", "mqx"),
        ("万里", "wl"),
        ("长孙无忌", "zswj"),
        ("令狐冲", "lhc"),
        ("单于夫", "cyf"),
        ("欧阳娜娜", "oynn"),
        ("张单", "zd"),  # the reading of the surname counts at its place only
        ("李曾", "lc"),
        ("买买提·艾力", "mmtal"),
        ("Maria da Silva", "mds"),
        ("O'Brien Éva", "oe"),
        ("王Tom", "wt"),
        ("Жанна", ""),
        ("", ""),
    ],
)
def test_initials(name, letters):
    assert initials_of(name) == letters


def test_initials_are_short_ascii():
    assert initials_of("张" * 40) == "z" * 20


def test_thirty_thousand_names_a_second():
    signs = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    names = [signs[n % 3000] + signs[n * 7 % 3000] + signs[n * 13 % 3000] for n in range(20_000)]
    initials_of("张三")
    begun = time.perf_counter()
    for name in names:
        initials_of(name)
    assert len(names) / (time.perf_counter() - begun) > 15_000  # 500,000 on an idle core


NAMES = [
    "张",
    "张三",
    "张三丰",
    "张四",
    "弡",
    "弟",
    "章三",
    "李四",
    "𠮷野",
    "abc",
    "ABD",
    "Zoë",
    "买买提·艾力",
    "\uffee",
    "一",
]


@pytest.mark.parametrize("prefix", ["张", "张三", "a", "AB", "𠮷", "买买提·", "", "\uffff", "z"])
def test_a_range_of_keys_holds_exactly_the_names_that_begin_so(prefix):
    low, high = prefix_range(name_key(prefix))
    within = [name for name in NAMES if name_key(name) >= low and (not high or name_key(name) < high)]
    assert within == [name for name in NAMES if normal_name(name).casefold().startswith(prefix.casefold())]


@given(st.text("0123456789abcdef", max_size=6), st.text("0123456789abcdef", max_size=4))
def test_a_range_is_the_prefix_and_nothing_else(key, prefix):
    low, high = prefix_range(prefix)
    assert (key >= low and (not high or key < high)) == key.startswith(prefix)


def test_the_case_of_letters_and_full_width_do_not_count_in_keys():
    assert name_key("ＡＢＣ") == name_key("abc") == "006100620063"


@pytest.mark.parametrize(
    ("letters", "bounds"),
    [("zs", ("zs", "zt")), ("az", ("az", "b")), ("zz", ("zz", "")), ("", ("", "")), ("yzz", ("yzz", "z"))],
)
def test_ranges_of_letters(letters, bounds):
    assert letters_range(letters) == bounds


@pytest.mark.parametrize(
    ("key", "bounds"),
    [("5f20", ("5f20", "5f21")), ("5f29", ("5f29", "5f2a")), ("5f2f", ("5f2f", "5f3")), ("ff", ("ff", ""))],
)
def test_ranges_of_hex(key, bounds):
    assert prefix_range(key) == bounds


def within_in_the_database(value, low, high):
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS text) >= %s AND CAST(%s AS text) < %s", [value, low, value, high])
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["张", "张三", "弟", "一", "买买提·", "ab", "9", "𠮷"])
def test_the_database_agrees_about_keys(prefix):
    low, high = prefix_range(name_key(prefix))
    for name in NAMES:
        begins = normal_name(name).casefold().startswith(prefix.casefold())
        assert within_in_the_database(name_key(name), low, high) == begins, name


@pytest.mark.django_db
def test_the_database_agrees_about_letters():
    everybody = ["a", "az", "azz", "b", "ba", "ch", "ci", "zs", "zsf", "zt", "y", "yzzz", "z"]
    for letters in ["a", "az", "c", "ch", "zs", "yzz", "y"]:
        low, high = letters_range(letters)
        for value in everybody:
            assert within_in_the_database(value, low, high) == value.startswith(letters), (letters, value)
