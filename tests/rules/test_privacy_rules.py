"""Terms of rights, receipts, and own fields: figures that a database must not be needed for."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from core.privacy.rules import (
    NUMBERS,
    ORDERS,
    AreaLine,
    ReceiptBody,
    due_at,
    is_confirmed,
    keep_until,
    read_tail,
    receipt_hash,
    request_problems,
)
from core.profiles.rules import (
    SHIPPED,
    OwnField,
    clean_tag,
    field_problems,
    fold_tag,
    make_key,
    read_options,
    read_value,
    show_value,
    tag_problems,
    write_options,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CHOICE = OwnField(
    entity_type="customer", key="x_home", label={"en": "Home"}, kind="choice", options=(("yard", {"zh-CN": "院子"}),)
)


def test_a_request_is_due_after_fifteen_days() -> None:
    assert due_at(NOW) - NOW == timedelta(days=15)


def test_what_a_law_keeps_goes_after_its_years_also_from_a_leap_day() -> None:
    assert keep_until(NOW, ORDERS) == NOW.replace(year=2029)
    assert keep_until(datetime(2028, 2, 29, tzinfo=UTC), ORDERS) == datetime(2031, 3, 1, tzinfo=UTC)
    assert keep_until(NOW, NUMBERS) is None


@pytest.mark.parametrize(
    ("typed", "tail"), [("6871", "6871"), ("尾号 68 71", "6871"), ("13812346871", "6871"), ("", "")]
)
def test_the_last_four_digits_are_read_from_what_people_type(typed: str, tail: str) -> None:
    assert read_tail(typed) == tail


def test_erasure_is_confirmed_by_the_word_in_either_language() -> None:
    assert is_confirmed(" Erase ")
    assert is_confirmed("删除")
    assert not is_confirmed("yes")


def test_a_request_says_what_it_is_about() -> None:
    codes = {p.path for p in request_problems(kind="wish", text="x" * 2001)}
    assert codes == {"kind", "text"}
    assert request_problems(kind="correction", text="")
    assert request_problems(kind="erasure", text="", confirm="no")
    assert request_problems(kind="erasure", text="", confirm="erase") == ()
    assert request_problems(kind="erasure", text="") == ()


def test_a_receipt_tells_what_went_and_what_stays_and_its_hash_shows_a_change() -> None:
    lines = (
        AreaLine(area="profile", table="customer", deed="blanked", count=1),
        AreaLine(area="purchases", table="purchase", deed="kept", count=2, reason=ORDERS.reason, until=NOW),
        AreaLine(area="files", table="stored_file", deed="deleted", count=0),
    )
    body = ReceiptBody(
        number=1, customer_numbers=(7,), requested_at=None, erased_at=NOW, erased_by="林院长", lines=lines
    )
    assert [line.table for line in body.gone] == ["customer"]
    assert [line.table for line in body.kept] == ["purchase"]
    plain = msgspec.json.decode(msgspec.json.encode(body))
    assert receipt_hash(plain) == receipt_hash(dict(reversed(plain.items())))
    assert receipt_hash(plain) != receipt_hash(plain | {"number": 2})


def test_two_spellings_of_a_tag_fold_into_one() -> None:
    assert clean_tag(" #ＶＩＰ  客户 ") == "VIP 客户"
    assert fold_tag("V I P") == fold_tag("#vip")
    assert [p.code for p in tag_problems(name="", colour="grey")] == ["required"]
    assert [p.code for p in tag_problems(name="x" * 31, colour="pink")] == ["too-long", "bad-choice"]


def test_a_key_is_made_of_the_label_and_unlike_those_taken() -> None:
    assert make_key("付款习惯", ["x_fu_kuan_xi_guan"]) == "x_fu_kuan_xi_guan_2"
    assert make_key("!!", []) == "x_field"


def test_a_definition_says_everything_that_is_wrong_at_once() -> None:
    many = tuple((f"o{number}", {"en": "x"}) for number in range(41))
    wrong = OwnField(entity_type="customer", key="Home", label={"fr": "x" * 61}, kind="choice", options=many)
    assert {p.code for p in field_problems(wrong)} == {"bad-field-key", "required", "too-long", "too-many"}
    twice = msgspec.structs.replace(CHOICE, options=(("a", {}), ("a", {}), ("", {})))
    assert [p.code for p in field_problems(twice)] == ["twice", "too-long"]
    bad = msgspec.structs.replace(CHOICE, kind="blob", options=())
    assert [p.code for p in field_problems(bad)] == ["bad-choice"]
    assert [p.code for p in field_problems(msgspec.structs.replace(CHOICE, options=()))] == ["required"]


def test_options_are_typed_one_a_line_in_one_or_both_languages() -> None:
    options = read_options("有院子 | With a yard\n\n公寓\n| Boat")
    assert [value for value, _ in options] == ["有院子", "公寓", "Boat"]
    assert options[0][1] == {"zh-CN": "有院子", "en": "With a yard"}
    assert write_options(options[:2]) == "有院子 | With a yard\n公寓"


@pytest.mark.parametrize(
    ("kind", "typed", "value", "code"),
    [
        ("text", " 老张 ", "老张", None),
        ("text", "x" * 501, None, "too-long"),
        ("number", "1,200", 1200, None),
        ("number", "-3.0", -3, None),
        ("number", "12.5", None, "bad-number"),
        ("number", "9007199254740993", None, "bad-number"),
        ("date", "2024年3月1日", date(2024, 3, 1), None),
        ("date", "2024-02-30", None, "bad-date"),
        ("date", "soon", None, "bad-date"),
        ("bool", "是", True, None),
        ("bool", "No", False, None),
        ("bool", "perhaps", None, "bad-choice"),
        ("choice", "院子", "yard", None),
        ("choice", "yard", "yard", None),
        ("choice", "castle", None, "bad-choice"),
        ("choice", "  ", None, None),
    ],
)
def test_a_typed_value_fits_its_field_or_says_why_not(kind: str, typed: str, value: object, code: str | None) -> None:
    field = msgspec.structs.replace(CHOICE, kind=kind)
    assert read_value(field, typed) == (value, code)


def test_a_stored_value_is_shown_in_words_and_one_that_no_longer_fits_as_it_stands() -> None:
    children = SHIPPED[0]
    assert show_value(children, 1, "zh-CN") == "是"
    assert show_value(children, False, "en") == "No"
    assert show_value(children, None, "en") == ""
    assert show_value(CHOICE, "yard", "en") == "院子"
    assert show_value(CHOICE, "castle", "en") == "castle"
