"""Documents and telephones: what is taken, what is read from them, and what is refused with which words."""

import time
from datetime import date

import pytest

from ground.identity import (
    FAULTS,
    BadDocument,
    BadTelephone,
    DocumentKind,
    Sex,
    check,
    check_sign,
    guess_kind,
    kind_named,
    masked_number,
    normal_mobile,
    normal_number,
    normal_telephone,
)

TODAY = date(2026, 11, 20)
K = DocumentKind


def eighteen(first17):
    return first17 + check_sign(first17)


def facts(kind, text):
    return check(kind, text, today=TODAY)


def refusal(kind, text):
    with pytest.raises(BadDocument) as refused:
        facts(kind, text)
    assert refused.value.code in FAULTS
    if len(text) > 4:
        assert text not in refused.value.sentence and normal_number(text) not in refused.value.sentence
    return refused.value


def test_the_published_examples_of_the_standards_pass():
    # GB 11643-1999 and 适配性改造要点 2023 print these.
    woman = facts(K.RESIDENT_ID, "11010519491231002X")
    assert (woman.birth_date, woman.sex, woman.number) == (
        date(1949, 12, 31),
        Sex.FEMALE,
        "11010519491231002X",
    )
    foreigner = facts(K.FOREIGN_ID, "932682198501010017")
    assert (foreigner.birth_date, foreigner.sex) == (date(1985, 1, 1), "")
    assert facts(K.FOREIGN_ID, "KAZ110090123105").birth_date is None


@pytest.mark.parametrize(
    "typed",
    [
        "１１０１０５１９４９１２３１００２ｘ",
        " 110105 19491231 002x ",
        "'11010519491231002X",
        "110105-19491231-002X",
        "\u200b11010519491231002X\ufeff",
        "\u202d11010519491231002X\u202c",
        "11010519491231002Х",  # Cyrillic
        "11010519491231002×",
        "\t11010519491231002X\r\n",
        "110105\u00a019491231\u3000002X",
    ],
)
def test_a_number_is_read_however_it_was_typed(typed):
    assert facts(K.RESIDENT_ID, typed).number == "11010519491231002X"


def test_the_sex_is_in_the_seventeenth_digit():
    assert facts(K.RESIDENT_ID, eighteen("44020319850302001")).sex == "M"
    assert facts(K.RESIDENT_ID, eighteen("44020319850302002")).sex == "F"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "missing"),
        ("1101051949123100", "length"),
        ("11010519491231002X1", "length"),
        ("110105491231002", "old_number"),
        ("1101051949123100AX", "characters"),
        ("11010519491231X02X", "characters"),
        ("110105194912310021", "checksum"),
        ("11010519491213002X", "checksum"),
        (eighteen("11010519490230001"), "date"),
        (eighteen("11010519490001001"), "date"),
        (eighteen("11010518991231001"), "too_old"),
        (eighteen("11010520261121001"), "future"),
        (eighteen("99010519491231001"), "kind"),
        (eighteen("81000019850302001"), "kind"),
        (eighteen("44029919850302001"), "region"),
        (eighteen("00000019850302001"), "region"),
        (eighteen("44991319850302001"), "region"),
    ],
)
def test_a_wrong_identity_number_is_named_by_its_fault(number, code):
    assert refusal(K.RESIDENT_ID, number).code == code


def test_superscripts_and_other_digits_of_unicode_are_no_digits():
    assert (
        refusal(K.RESIDENT_ID, "1101051949123100٢X").code == "characters"
    )  # Arabic two, not ASCII after NFKC


def test_the_sentence_says_what_to_do():
    assert (
        refusal(K.RESIDENT_ID, "110105194912310021").sentence
        == "身份证号最后一位校验不对，请对照证件重新录入。"
    )
    assert "18 位" in refusal(K.RESIDENT_ID, "110105491231002").sentence


def test_who_is_born_today_is_not_from_the_future():
    assert facts(K.RESIDENT_ID, eighteen("44020320261120001")).birth_date == TODAY


@pytest.mark.parametrize("region", ["440221", "440202", "512221", "310119", "659011", "441900"])
def test_a_division_that_was_dissolved_or_founded_later_is_a_region(region):
    # 1960: older than several of these codes, whose numbers were given from 1984 on.
    assert facts(K.RESIDENT_ID, eighteen(f"{region}19600302001")).birth_date == date(1960, 3, 2)


def test_a_division_newer_than_the_list_is_taken_for_children():
    assert facts(K.RESIDENT_ID, eighteen("33011320220302001")).number  # 临平区, founded in 2021
    assert refusal(K.RESIDENT_ID, eighteen("33011319600302001")).code == "region"


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_of_hong_kong_macau_and_taiwan_tell_birth_and_sex(region):
    found = facts(K.HMT_RESIDENCE, eighteen(f"{region}19850302001"))
    assert (found.birth_date, found.sex) == (date(1985, 3, 2), "M")


@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [
        (K.HMT_RESIDENCE, eighteen("44020319850302001"), "region"),
        (K.HMT_RESIDENCE, "810000198503020010", "checksum"),
        (K.HMT_RESIDENCE, "81000019850302", "length"),
        (K.FOREIGN_ID, eighteen("44020319850302001"), "kind"),
        (K.FOREIGN_ID, "932682198501010018", "checksum"),
        (K.FOREIGN_ID, eighteen("93268219851301001"), "date"),
        (K.FOREIGN_ID, "KAZ110090133105", "date"),
        (K.FOREIGN_ID, "KA1110090123105", "format"),
        (K.FOREIGN_ID, "9326821985", "length"),
        (K.HK_MACAU_PERMIT, "K12345678", "format"),
        (K.HK_MACAU_PERMIT, "H1234567", "format"),
        (K.HK_MACAU_PERMIT, "H123456789", "format"),
        (K.TAIWAN_PERMIT, "1234567", "format"),
        (K.TAIWAN_PERMIT, "T12345678", "format"),
        (K.PASSPORT, "E123", "format"),
        (K.PASSPORT, "ABCDEFG", "format"),
        (K.PASSPORT, "E1234567890123456789", "format"),
        (K.PASSPORT, "护照12345", "format"),
        (K.NONE, "无证", "not_empty"),
    ],
)
def test_every_other_document_has_its_own_rule(kind, number, code):
    assert refusal(kind, number).code == code


@pytest.mark.parametrize(
    ("kind", "typed", "number"),
    [
        (K.HK_MACAU_PERMIT, "h12345678", "H12345678"),
        (K.HK_MACAU_PERMIT, "M1234567801", "M12345678"),  # the issue is no part of the holder's number
        (K.TAIWAN_PERMIT, "12345678", "12345678"),
        (K.TAIWAN_PERMIT, "1234567890（B）", "1234567890B"),
        (K.TAIWAN_PERMIT, "1234567890", "1234567890"),
        (K.PASSPORT, "ea 1234567", "EA1234567"),
        (K.PASSPORT, "123456789", "123456789"),
        (K.NONE, "", ""),
        (K.NONE, " \u3000", ""),
        ("id", "11010519491231002x", "11010519491231002X"),
    ],
)
def test_permits_and_passports_are_taken(kind, typed, number):
    found = facts(kind, typed)
    assert found.number == number and found.kind == kind
    assert kind == "id" or (found.birth_date is None and found.sex == "")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11010519491231002x", K.RESIDENT_ID),
        ("110105491231002", K.RESIDENT_ID),
        ("1101051949123100", K.RESIDENT_ID),
        ("81000019850302001X", K.HMT_RESIDENCE),
        ("932682198501010017", K.FOREIGN_ID),
        ("KAZ110090123105", K.FOREIGN_ID),
        ("H12345678", K.HK_MACAU_PERMIT),
        ("12345678", K.TAIWAN_PERMIT),
        ("EA1234567", K.PASSPORT),
        ("", K.NONE),
        ("暂无", K.NONE),
        ("13800001111", None),
        ("花城社区", None),
    ],
)
def test_the_kind_is_guessed_from_the_number(text, kind):
    assert guess_kind(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("身份证", K.RESIDENT_ID),
        ("居民 身份证", K.RESIDENT_ID),
        ("户口簿", K.RESIDENT_ID),
        ("回乡证", K.HK_MACAU_PERMIT),
        ("港澳通行证", K.HK_MACAU_PERMIT),
        ("港澳居民来往内地通行证", K.HK_MACAU_PERMIT),
        ("港澳居民居住证", K.HMT_RESIDENCE),
        ("港澳台居民居住证", K.HMT_RESIDENCE),
        ("台湾居民居住证", K.HMT_RESIDENCE),
        ("台胞证", K.TAIWAN_PERMIT),
        ("台湾居民来往大陆通行证", K.TAIWAN_PERMIT),
        ("护照", K.PASSPORT),
        ("外国护照", K.PASSPORT),
        ("永居", K.FOREIGN_ID),
        ("外国人永久居留身份证", K.FOREIGN_ID),
        ("hk_macau", K.HK_MACAU_PERMIT),
        ("无", K.NONE),
        ("", None),
        ("驾驶证", None),
    ],
)
def test_the_kind_is_read_from_what_people_write(text, kind):
    assert kind_named(text) is kind


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("440203198503021234", "440203********1234"),
        ("H12345678", "H******78"),
        ("KAZ110090123105", "K************05"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_number_is_masked(number, masked):
    assert masked_number(number) == masked


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800001111", "13800001111"),
        ("19900001234", "19900001234"),
        ("+86 138-0000-1111", "13800001111"),
        ("8613800001111", "13800001111"),
        ("0086 13800001111", "13800001111"),
        ("１３８ ００００ １１１１", "13800001111"),
        ("\u202d13800001111\u202c", "13800001111"),
        ("0751-8123456", "0751-8123456"),
        ("(0751) 8123456", "0751-8123456"),
        ("０７５１—８１２３４５６", "0751-8123456"),
        ("+86 751 8123456", "0751-8123456"),
        ("86-0751-8123456", "0751-8123456"),
        ("020 8123 4567", "020-81234567"),
        ("010-62345678转801", "010-62345678转801"),
        ("0755-81234567", "0755-81234567"),
        ("0751-8123456-801", "0751-8123456转801"),
        ("0751—8123456—1", "0751-8123456转1"),
        ("07518123-456", "0751-8123456"),
        ("1380000-1111", "13800001111"),
    ],
)
def test_a_telephone_is_read_however_it_was_typed(typed, number):
    assert normal_telephone(typed) == number


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "11 位"),
        ("1380000111", "11 位"),
        ("12800001111", "11 位"),
        ("8765432", "区号"),
        ("13800001111/13900001111", "只填一个"),
        ("13800001111、", "只填一个"),
        ("0751-1123456", "11 位"),
        ("无", "11 位"),
    ],
)
def test_what_is_no_telephone_is_refused_without_repeating_it(typed, says):
    with pytest.raises(BadTelephone) as refused:
        normal_telephone(typed)
    assert says in refused.value.sentence and (not typed or typed not in refused.value.sentence)


def test_a_landline_is_no_mobile_number():
    assert normal_mobile("+86 138 0000 1111") == "13800001111"
    with pytest.raises(BadTelephone):
        normal_mobile("0751-8123456")


def test_a_hundred_thousand_checks_take_seconds_at_most():
    numbers = [eighteen(f"440203198503{day:02}{n:03}") for day in range(1, 29) for n in range(700)]
    facts(K.RESIDENT_ID, numbers[0])
    begun = time.perf_counter()
    for number in numbers:
        facts(K.RESIDENT_ID, number)
    assert len(numbers) / (time.perf_counter() - begun) > 20_000  # 270,000 on an idle core
