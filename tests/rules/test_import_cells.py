"""Cells of lists as people keep them: every form seen, and every reason for a refusal."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.imports.rules.cells import (
    CellProblem,
    choice_words,
    plain_cell,
    read_amount,
    read_choice,
    read_gender,
    read_han_number,
    read_sex,
    read_yes_no,
    whole_digits,
)
from core.imports.rules.dates import read_date
from core.imports.rules.files import safe_cell, write_csv

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("written", "day", "partial"),
    [
        ("2020/4/28", date(2020, 4, 28), False),
        ("2016年11月9日", date(2016, 11, 9), False),
        ("2024.12.30", date(2024, 12, 30), False),
        ("20220524", date(2022, 5, 24), False),
        ("２０２０－０４－２８", date(2020, 4, 28), False),
        ("2020-04-28 00:00:00", date(2020, 4, 28), False),
        ("2020-04-28T08:30:00Z", date(2020, 4, 28), False),
        ("28/4/2020", date(2020, 4, 28), False),
        ("4/28/2020", date(2020, 4, 28), False),
        ("5/5/2020", date(2020, 5, 5), False),
        ("43949", date(2020, 4, 28), False),
        ("43949.5", date(2020, 4, 28), False),
        ("2020年5月", date(2020, 5, 1), True),
        ("2019年", date(2019, 1, 1), True),
        ("2026-11-23", TODAY, False),
    ],
)
def test_a_date_is_read_in_every_form_seen(written: str, day: date, partial: bool) -> None:
    reading = read_date(written, today=TODAY)
    assert reading is not None
    assert (reading.day, reading.partial) == (day, partial)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("昨天", "date-unknown"),
        ("3岁", "date-unknown"),
        ("12345", "date-unknown"),
        ("2026-02-30", "date-impossible"),
        ("20261301", "date-impossible"),
        ("2031-05-01", "date-future"),
        ("1899-12-31", "date-too-old"),
        ("4/5/2020", "date-ambiguous"),
    ],
)
def test_what_is_no_day_of_the_past_is_refused_with_its_reason(written: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_date(written, today=TODAY)
    assert refused.value.code == code


@pytest.mark.parametrize("written", ["", "无", "不详", "-", "未知", "N/A"])
def test_an_empty_cell_is_no_date_and_no_amount(written: str) -> None:
    assert read_date(written, today=TODAY) is None
    assert read_amount("无") is None


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("1999.99", 1999_99), ("¥2680", 2680_00), ("￥ 1,200.5元", 1200_50), ("499.50000000000006", 499_50), ("0", 0),
        ("１２０", 120_00), ("120块", 120_00), ("RMB 88", 88_00), ("1.2万", 12_000_00), ("3k", 3000_00),
        ("一千二", 1200_00), ("一千零二", 1002_00), ("两万三千五", 23_500_00), ("壹仟贰佰圆整", 1200_00), ("十五", 15_00),
        ("一百二", 120_00), ("二百五", 250_00), ("一万零五十", 10_050_00), ("二〇二〇", 2020_00), ("-0", 0),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_every_form_seen(written: str, fen: int) -> None:
    assert read_amount(written) == fen


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("-50", "amount-negative"),
        ("¥-50", "amount-negative"),
        ("(50)", "amount-negative"),
        ("负五十", "amount-negative"),
        ("待查", "amount-unknown"),
        ("1e5", "amount-unknown"),
        ("1,2,3", "amount-unknown"),
        ("五五十", "amount-unknown"),
        ("一二三四五六七八九一", "amount-unknown"),
        ("12.345", "amount-decimals"),
        ("99999999999", "amount-too-large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(written: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_amount(written)
    assert refused.value.code == code


@given(st.integers(0, 99_999_999_99))
def test_every_amount_that_a_program_writes_comes_back(fen: int) -> None:
    assert read_amount(f"¥{fen / 100:,.2f}") == fen


def _han(number: int) -> str:
    if number == 0:
        return "零"
    out, pending = "", False
    for unit, word in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            out += ("零" if pending and out else "") + "零一二三四五六七八九"[digit] + word
            pending = False
        else:
            pending = bool(out)
    return out


@given(st.integers(0, 99_999))
def test_every_number_written_out_in_chinese_comes_back(number: int) -> None:
    assert read_han_number(_han(number)) == number


@pytest.mark.parametrize(
    ("written", "sex"),
    [("♀", "female"), ("母", "female"), ("妹妹", "female"), ("公", "male"), ("♂", "male"), ("M", "male"), ("未知", "unknown"),
     ("公（已绝育）", "male"), ("", None), ("0", None)],
)  # fmt: skip
def test_a_sex_is_read(written: str, sex: str | None) -> None:
    assert read_sex(written) == sex
    assert read_gender("未知") is None
    assert read_gender("女士") == "female"


@pytest.mark.parametrize(
    ("written", "value"),
    [("是", True), ("已", True), ("1", True), ("1.0", True), ("√", True), ("否", False), ("未", False), ("0", False),
     ("×", False), ("", None), ("不清楚", None)],
)  # fmt: skip
def test_yes_and_no_are_read(written: str, value: bool | None) -> None:
    assert read_yes_no(written) is value


def test_an_unknown_word_is_refused_with_the_word() -> None:
    species = choice_words([("dog", ["犬", "Dog"]), ("exotic", ["异宠"]), ("plant", ["Plant"])])
    assert read_choice("狗", species) == "dog"
    assert read_choice("守宫", species) == "exotic"
    assert read_choice("plant", species) == "plant"
    assert read_choice("", species) is None
    for reader in (lambda: read_choice("恐龙", species), lambda: read_sex("中性"), lambda: read_yes_no("大概")):
        with pytest.raises(CellProblem) as refused:
            reader()
        assert refused.value.params["value"] in {"恐龙", "中性", "大概"}


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "=1+1", "@SUM(A1)", "+cmd|'/C calc'!A0", "-cmd(1)"])
def test_a_formula_is_refused_and_the_same_behind_an_apostrophe_is_text(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        plain_cell(text, max_length=100)
    assert refused.value.code == "formula"
    assert plain_cell(f"'{text}", max_length=100) == text
    assert safe_cell(text).startswith("'")


def test_texts_are_cleaned_and_too_long_ones_refused() -> None:
    assert plain_cell(" a\x00b😀 ", max_length=10) == "ab😀"
    assert plain_cell("-50", max_length=10) == "-50"
    for text, code in (("x" * 11, "too-long"), ("#REF!", "cell-error"), ("#N/A", "cell-error")):
        with pytest.raises(CellProblem) as refused:
            plain_cell(text, max_length=10)
        assert refused.value.code == code


def test_a_number_that_lost_its_digits_is_refused() -> None:
    whole_digits("13812345678")
    with pytest.raises(CellProblem):
        whole_digits("1.38123E+10")


def test_the_error_file_opens_in_a_spreadsheet_and_calculates_nothing() -> None:
    content = write_csv([["姓名", "错误"], ["=1+1", "+8613812345678"]])
    assert content.startswith("\ufeff".encode())
    assert content.decode("utf-8-sig").splitlines()[1] == "'=1+1,'+8613812345678"
