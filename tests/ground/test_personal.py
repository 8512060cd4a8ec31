"""Numbers of people are taken out of free text however they are written; other figures stay."""

import pytest

from ground.personal import without_numbers


@pytest.mark.parametrize(
    "number",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "１３８００１３８０００",
        "+8613800138000",
        "+86 138 0013 8000",
        "+86-138-0013-8000",
        "86 13800138000",
        "008613800138000",
        "440203199001011234",
        "44020319900101123x",
        "440203 19900101 123X",
        "440203-19900101-1234",
        "４４０２０３１９９００１０１１２３４",
        "0751-8123456",
        "02081234567",
        "010 62345678",
    ],
)
def test_a_number_is_taken_out(number):
    for text in ("{}", "请打{}，谢谢", "他说 {} 没人接", "({})", "电话:{}/老王"):
        assert without_numbers(text.format(number), "●") == text.format("●")


@pytest.mark.parametrize(
    "text",
    [
        "440203001021-01-05-02-11-1101",
        "点单 20261120000123",
        "2026-11-20 15:04:05",
        "第 3 栋 2 单元 1101，13 楼",
        "192.168.100.138",
        "共 13800 户 40000 人",
    ],
)
def test_other_figures_stay(text):
    assert without_numbers(text, "●") == text


def test_two_numbers_side_by_side_are_both_taken_out():
    assert without_numbers("13800138000 440203199001011234", "●") == "● ●"
    assert without_numbers("440203199001011234、13800138000", "●") == "●、●"
