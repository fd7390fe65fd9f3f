"""Phones and names as people write them."""

import pytest

from core.customers.rules.names import clean_name, clean_text, name_pinyin, same_name, split_honorific
from core.customers.rules.phones import national_digits, phone_kind, read_phone, read_phones
from core.customers.rules.profile import may_replace
from core.customers.rules.words import Searched, Term, terms_of, words_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("191 7299 9593", ["+8619172999593"]),
        ("150-6407-0231", ["+8615064070231"]),
        ("0086 15991413787", ["+8615991413787"]),
        ("+8613754642914", ["+8613754642914"]),
        ("8613754642914", ["+8613754642914"]),
        ("18886147143（微信同号）", ["+8618886147143"]),
        ("１３６６３２７８３５１", ["+8613663278351"]),
        ("15778501703/13913594081", ["+8615778501703", "+8613913594081"]),
        ("13812345678 13912345678", ["+8613812345678", "+8613912345678"]),
        ("手机：13812345678", ["+8613812345678"]),
        ("17779856824.0", ["+8617779856824"]),
        ("0546-3736312", ["+865463736312"]),
        ("(0546)3736312转801", ["+865463736312"]),
        ("+1 650 253 0000", ["+16502530000"]),
        ("", []),
    ],
)
def test_a_phone_is_read_as_people_write_it(written: str, expected: list[str]) -> None:
    reading = read_phones(written)
    assert [phone.e164 for phone in reading.phones] == expected
    assert not reading.refused


@pytest.mark.parametrize("written", ["见备注", "1381234", "7873597", "12345678901", "+999 12345", "١٢٣"])
def test_what_nobody_can_call_is_refused(written: str) -> None:
    assert read_phones(written).refused
    assert not read_phones(written).phones
    assert read_phone(written) is None


def test_a_good_number_beside_a_bad_one_is_kept_and_the_bad_one_told() -> None:
    reading = read_phones("13812345678/1391234")
    assert [phone.e164 for phone in reading.phones] == ["+8613812345678"]
    assert reading.refused == ("1391234",)


@pytest.mark.parametrize(
    ("e164", "kind", "digits"),
    [
        ("+8613812345678", "mobile", "13812345678"),
        ("+865463736312", "landline", "05463736312"),
        ("+85251234567", "foreign", "85251234567"),
    ],
)
def test_a_stored_number_tells_its_kind(e164: str, kind: str, digits: str) -> None:
    assert phone_kind(e164) == kind
    assert national_digits(e164) == digits


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("单小红", "shan xiao hong"),
        ("仇思远", "qiu si yuan"),
        ("尉迟恭", "yu chi gong"),
        ("Anna Li", "anna li"),
        ("单", "dan"),
    ],
)
def test_surnames_have_their_own_reading(name: str, pinyin: str) -> None:
    assert name_pinyin(name) == pinyin


def test_homophones_are_the_same_name_and_others_are_not() -> None:
    assert same_name("周晓红", "周小红")
    assert not same_name("周晓红", "周小兰")
    assert not same_name("", "")


def test_a_title_tells_the_gender_unless_nothing_else_is_left() -> None:
    assert split_honorific("邹佳琪先生") == type(split_honorific(""))("邹佳琪", "male")
    assert split_honorific("康文博女士").gender == "female"
    assert split_honorific("王先生").name == "王先生"


def test_control_characters_leave_a_text_and_emoji_stay() -> None:
    assert clean_text("a\x00b\x07\n😀 ") == "ab\n😀"
    assert clean_name("  王　 小\n美 ") == "王 小 美"


@pytest.mark.parametrize(
    "typed", ["王", "小美", "王小美", "wang", "wangxm"[:4], "xiaomei", "wxm", "6871", "2346871", "13812346871",
              "+86 138 1234 6871", "豆", "doudou", "hy00102", "９８５１"]
)  # fmt: skip
def test_a_customer_is_found_by_any_part_of_what_is_known(typed: str) -> None:
    words = words_of(Searched("王小美", ["+8613812346871"], ["豆豆"], ["HY00102", "985112000000001"]))

    def hit(term: Term) -> bool:
        return any(word.startswith(start) for start in (term.typed, term.tail) if start for word in words)

    assert all(hit(term) for term in terms_of(typed))


def test_no_word_is_stored_that_another_one_begins_with() -> None:
    words = words_of(Searched("王小美", ["+8613812346871"], ["豆豆"], ["HY00102"]))
    assert set(words) == {
        *("王小美", "小美", "美", "wangxiaomei", "xiaomei", "mei", "wxm"),
        *("豆豆", "doudou", "dd", "~17864321831", "hy00102"),
    }
    assert (words["美"], words["豆豆"], words["hy00102"]) == ("name", "pet", "code")


def test_two_words_are_two_terms_and_a_spaced_phone_is_one() -> None:
    assert [term.typed for term in terms_of("王 豆豆")] == ["王", "豆豆"]
    assert [term.typed for term in terms_of("138 1234 6871")] == ["13812346871"]
    assert terms_of("   ") == ()


def test_an_interview_outweighs_a_form_and_a_form_outweighs_a_list() -> None:
    assert may_replace(current="cat", current_source="import", new_source="customer")
    assert may_replace(current="cat", current_source="customer", new_source="customer")
    assert not may_replace(current="cat", current_source="staff", new_source="customer")
    assert not may_replace(current="cat", current_source="customer", new_source="import")
    assert may_replace(current=None, current_source="staff", new_source="import")
