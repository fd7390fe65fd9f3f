"""Rows, headers, files and who is who: the judgement of a list without a database."""

from datetime import date

import pytest

from core.customers.rules.phones import PhoneReading, read_phones
from core.customers.rules.profile import CustomerDraft, SubjectDraft, customer_problems
from core.customers.rules.words import Searched, name_tokens, words_of
from core.imports.rules.cells import choice_words
from core.imports.rules.columns import (
    Header,
    find_header,
    header_at,
    mapping_problems,
    propose_mapping,
    target_of,
)
from core.imports.rules.matching import FileIndex, Known, KnownPet, match_row
from core.imports.rules.plan import Counts, chunk_size
from core.imports.rules.reading import Judged, Reading, Terms
from core.imports.rules.rows import judge_row

TODAY = date(2026, 11, 23)
SPECIES = choice_words([("dog", ["犬"]), ("exotic", ["异宠"])])
MAPPING = (
    "name",
    "phone",
    "phone2",
    "pet_name",
    "species",
    "breed",
    "sex",
    "birthday",
    "neutered",
    "chip",
    "spent",
    "note",
)
NAMES = tuple(MAPPING)


def judge(*cells: str, **more: object) -> Judged:
    values: dict[str, object] = {
        "header": Header(1, NAMES),
        "mapping": MAPPING,
        "today": TODAY,
        "species": SPECIES,
        "subject_kind": "petclinic.pet",
    }
    padded = [*cells, *[""] * (len(MAPPING) - len(cells))]
    return judge_row(Terms(**(values | more)), 2, padded)  # type: ignore[arg-type] # the test's own values


def codes(judged: Judged) -> list[str]:
    return [problem.code for problem in judged.problems]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("", "13812345678"), ["name-missing"]),
        (("无", "13812345678"), ["name-missing"]),
        (("13812345678", "13812345678"), ["name-is-number"]),
        (("=1+1", "13812345678"), ["formula"]),
        (("王", "1.38E+10"), ["lost-digits"]),
        (("王", "见备注"), ["phone-bad"]),
        (("王", "13812345678/138"), ["phone-bad"]),
        (("王", ""), ["phone-missing"]),
        (("王", "0"), ["phone-missing"]),
        (("王", "0546-3736312"), ["phone-landline"]),
        (("王", "+16502530000"), ["phone-foreign"]),
        (("王", "13812345678/13912345678"), ["phone-two"]),
        (("王", "13812345678", "", "豆豆", "恐龙"), ["choice-unknown"]),
        (("王", "13812345678", "", "", "", "柯基"), ["pet-unnamed"]),
        (("王", "13812345678", "", "豆豆", "", "", "", "", "", "12"), ["chip-bad"]),
        (("王", "13812345678", "", "豆豆", "", "", "", "", "", "7.3E+14"), ["lost-digits", "chip-bad"]),
        (("王", "13812345678", "", "豆豆", "", "", "", "2020年"), ["date-partial"]),
        (("王", "13812345678", "", "", "", "", "", "", "", "", "-5"), ["amount-negative"]),
        (("王", "13812345678", "", "", "", "", "", "", "", "", "", "x" * 2001), ["too-long"]),
        (("王" * 81, "13812345678"), ["too-long"]),
    ],
)
def test_every_reason_is_told_once(cells: tuple[str, ...], expected: list[str]) -> None:
    judged = judge(*cells)
    assert codes(judged) == expected
    assert (judged.reading is None) == any(not problem.warns for problem in judged.problems)


@pytest.mark.parametrize("written", ["张三（微信同号）", "张三(本人)", "张三 （同号）", "张三"])
def test_what_is_said_of_the_phone_behind_a_name_is_no_part_of_it(written: str) -> None:
    reading = judge(written, "13812345678").reading
    assert reading is not None
    assert reading.full_name == "张三"


def test_a_good_row_is_read_whole() -> None:
    judged = judge(
        "邹佳琪先生",
        "13812345678",
        "13912345678",
        "黑豆",
        "守宫",
        "",
        "公（已绝育）",
        "2020/4/28",
        "",
        "9851 1200 0000",
        "¥5",
        "怕\n狗",
    )
    assert judged.problems == ()
    assert judged.reading == Reading(
        full_name="邹佳琪",
        phones=("+8613812345678", "+8613912345678"),
        gender="male",
        note="怕\n狗",
        spent_fen=500,
        pet=SubjectDraft(
            name="黑豆",
            kind="petclinic.pet",
            species="exotic",
            breed="守宫",
            sex="male",
            birthday=date(2020, 4, 28),
            neutered=True,
            chip="985112000000",
        ),
    )


def test_a_second_phone_may_be_left_out() -> None:
    reading = judge("王", "13812345678/13912345678", take_second_phone=False).reading
    assert reading is not None
    assert reading.phones == ("+8613812345678",)


def test_without_a_kind_of_subject_or_a_pets_name_there_is_no_pet() -> None:
    for judged in (judge("王", "13812345678", "", "豆豆", subject_kind=None), judge("王", "13812345678", species={})):
        assert judged.reading is not None
        assert judged.reading.pet is None


def test_an_unnamed_pet_takes_the_word_for_its_kind_or_its_chip() -> None:
    kind, chip = (
        judge("王", "13812345678", "", "", "犬"),
        judge("王", "13812345678", "", "", "", "", "", "", "", "98511200"),
    )
    born = judge("王", "13812345678", "", "", "", "", "", "2020-04-28")
    assert [one.reading.pet.name for one in (kind, chip, born) if one.reading and one.reading.pet] == [
        "犬",
        "98511200",
        "?",
    ]


def test_several_columns_make_a_note_with_labels_and_a_bad_one_is_told() -> None:
    header = Header(1, ("姓名", "地址", "微信", "备注"))
    terms = Terms(header=header, mapping=("name", "note", "note", "note"), today=TODAY)
    reading = judge_row(terms, 2, ["王", "黄河路1号", "无", "怕狗"]).reading
    assert reading is not None
    assert reading.note == "地址：黄河路1号\n备注：怕狗"
    assert codes(judge_row(terms, 2, ["王", "=A1", "x", "y"])) == ["phone-missing", "formula"]
    assert "too-long" in codes(judge_row(terms, 2, ["王", "x" * 1500, "y" * 1500, ""]))


def test_formula_cells_give_their_value_or_are_told_once() -> None:
    used = judge("王", "13812345678", "", "豆豆", "犬", formulas=frozenset({(2, 4)}))
    assert codes(used) == ["formula-value-used"]
    bare = judge("王", "13812345678", "", "豆豆", "", formulas=frozenset({(2, 4), (3, 0)}))
    assert codes(bare) == ["formula-without-value"]


def test_a_total_below_the_list_is_no_row() -> None:
    assert judge("合计：", "", "").is_total
    assert judge(" total ").is_total


def test_a_row_of_another_width_is_told_in_a_csv_only() -> None:
    header = Header(1, ("姓名", "手机"))
    csv = Terms(header=header, mapping=("name", "phone"), today=TODAY, strict_width=True)
    sheet = Terms(header=header, mapping=("name", "phone"), today=TODAY)
    assert codes(judge_row(csv, 2, ["王"])) == ["row-short"]
    assert codes(judge_row(csv, 2, ["王", "13812345678", "多"])) == ["row-long"]
    assert codes(judge_row(csv, 2, ["王", "13812345678", " "])) == []
    assert codes(judge_row(sheet, 2, ["王"])) == ["phone-missing"]


def test_born_after_the_last_visit_is_worth_a_look() -> None:
    header = Header(1, ("姓名", "手机", "宠物", "生日", "最近就诊"))
    terms = Terms(
        header=header,
        mapping=("name", "phone", "pet_name", "birthday", "last_visit"),
        today=TODAY,
        subject_kind="p.pet",
    )
    assert codes(judge_row(terms, 2, ["王", "13812345678", "豆豆", "2026-08-17", "2025-10-23"])) == ["born-after-visit"]


def test_headers_mean_what_people_write_with_units_and_groups() -> None:
    assert target_of("消费总额（元）") == "spent"
    assert target_of("Phone No.") == ""
    assert target_of("姓名", "宠物") == "pet_name"
    assert target_of("性别", "主人") == "gender"
    assert target_of("编号", "宠物") == ""


def test_the_header_is_found_below_titles_and_groups() -> None:
    rows = [
        (1, ["客户档案", "", ""]),
        (2, ["主人", "", "宠物"]),
        (3, ["姓名", "电话", "姓名"]),
        (4, ["王", "138", "豆豆"]),
    ]
    header = find_header(rows)
    assert header == Header(3, ("姓名", "电话", "姓名"), ("主人", "主人", "宠物"))
    assert propose_mapping(header, remembered={}) == ("name", "phone", "pet_name")
    assert header.label(2) == "宠物 · 姓名"
    assert header_at(rows, 9) is None
    assert header_at([(1, ["标题", ""]), (2, ["姓名", "电话", ""])], 2) == Header(2, ("姓名", "电话"), ())


def test_a_header_of_unknown_words_is_the_first_wide_row() -> None:
    assert find_header([(1, ["x"]), (2, ["a", "b"])]) == Header(2, ("a", "b"), ())
    assert find_header([(1, ["x"])]) == Header(1, ("x",))
    assert find_header([]) is None


def test_a_mapping_takes_each_target_once_and_what_was_chosen_last() -> None:
    header = Header(1, ("姓名", "手机", "电话", "电话", "微信", "备注", "尊称"))
    proposed = propose_mapping(header, remembered={"尊称": "gender", "微信": ""})
    assert proposed == ("name", "phone", "phone2", "", "", "note", "gender")
    assert propose_mapping(Header(1, ("宠物名",)), remembered={}, allowed=("name",)) == ("",)


def test_what_is_wrong_with_a_mapping_is_told_at_once() -> None:
    assert mapping_problems(("name", "phone", "", "note", "note")) == ()
    assert mapping_problems(("phone", "phone", "salary", "breed")) == (
        "name-not-mapped",
        "mapped-twice",
        "unknown-target",
        "pet-name-not-mapped",
    )


def reading(
    name: str = "王小美", phone: str | None = "+8613812346871", pet: str | None = "豆豆", **more: object
) -> Reading:
    draft = SubjectDraft(name=pet, kind="p.pet", breed="柯基", sex="unknown", chip=None) if pet else None
    return Reading(full_name=name, phones=(phone,) if phone else (), pet=draft, **more)  # type: ignore[arg-type] # the test's own


def test_rows_of_one_person_are_told_from_rows_of_two() -> None:
    index = FileIndex()
    assert index.place(2, reading(spent_fen=100)).same_as is None
    again = index.place(3, reading(name="王晓美", spent_fen=200))
    assert (again.same_as, again.repeats, [p.code for p in again.problems]) == (
        2,
        True,
        ["spent-differs", "duplicate-in-file"],
    )
    other_pet = index.place(4, reading(pet="来福"))
    assert (other_pet.same_as, other_pet.repeats) == (2, False)
    petless = index.place(5, reading(pet=None))
    assert petless.repeats
    husband = index.place(6, reading(name="李雷"))
    assert (husband.same_as, [p.code for p in husband.problems]) == (None, ["phone-shared"])
    assert index.raised_fen == {2: 200}


def test_without_a_phone_a_member_number_or_the_pet_tells_people_apart() -> None:
    index = FileIndex()
    assert index.place(2, reading(phone=None)).same_as is None
    assert index.place(3, reading(phone=None)).repeats
    assert index.place(4, reading(phone=None, pet="来福")).same_as is None
    assert index.place(5, reading(phone=None, pet=None)).same_as is None
    assert index.place(6, reading(phone=None, pet=None)).same_as is None
    assert index.place(7, reading(phone=None, pet=None, member_no="A1")).same_as is None
    assert index.place(8, reading(phone="+8613900001111", pet="米粒", member_no="A1")).same_as == 7
    stranger = index.place(9, reading(name="李雷", phone=None, member_no="A1"))
    assert [p.code for p in stranger.problems] == ["member-no-twice"]


def known(**more: object) -> Known:
    pet = KnownPet(subject_id=1, name="豆豆", values={"breed": "柴犬", "sex": "male", "chip": "985112000"})
    values = {"note": "怕狗", "last_visit_on": date(2026, 5, 1), "gender": None, "member_no": None}
    base = {"customer_id": 7, "full_name": "王小美", "phones": ("+8613812346871",), "values": values, "pets": (pet,)}
    return Known(**(base | more))  # type: ignore[arg-type] # the test's own values


def test_a_known_person_gets_what_is_new_and_keeps_what_weighs_more() -> None:
    told = reading(note="怕狗", last_visit_on=date(2026, 4, 1), gender="female", member_no="A1")
    match = match_row(told, [known()], update=True)
    assert (match.outcome, dict(match.customer_changes)) == ("update", {"gender": "female", "member_no": "A1"})
    assert dict(match.pet_changes) == {"breed": "柯基"}
    fixed = known(pets=(KnownPet(subject_id=1, name="豆豆", values={"breed": "柴犬"}, fixed=frozenset({"breed"})),))
    assert dict(match_row(told, [fixed], update=True).pet_changes) == {"sex": "unknown"}
    assert match_row(told, [known()], update=False).outcome == "duplicate"
    assert match_row(reading(spent_fen=5), [known(pets=())], update=False).outcome == "pet"
    assert match_row(reading(pet=None, spent_fen=5), [known()], update=True).outcome == "update"
    part = known(values={"note": "怕狗，爱叫"}, pets=())
    assert "note" not in match_row(reading(note="怕狗"), [part], update=True).customer_changes
    newer = match_row(reading(pet=None, note="新话", last_visit_on=date(2026, 6, 1)), [known()], update=True)
    assert dict(newer.customer_changes) == {"note": "新话", "last_visit_on": date(2026, 6, 1)}


def test_a_pet_is_known_by_its_chip_even_under_another_name() -> None:
    draft = SubjectDraft(name="豆子", kind="p.pet", chip="985112000")
    told = Reading(full_name="王小美", phones=("+8613812346871",), pet=draft)
    assert match_row(told, [known()], update=False).pet is not None
    unknown_chip = Reading(full_name="王小美", phones=(), pet=SubjectDraft(name="豆子", kind="p.pet", chip="1"))
    assert match_row(unknown_chip, [known()], update=False).outcome == "pet"


def test_another_name_on_the_same_phone_is_somebody_new_and_told() -> None:
    match = match_row(reading(name="李雷"), [known()], update=True)
    assert (match.outcome, [p.code for p in match.problems]) == ("new", ["phone-known"])
    by_number = match_row(reading(name="李雷", phone=None), [known()], update=True)
    assert by_number.problems == ()


def test_pieces_are_small_enough_to_see_and_large_enough_to_finish() -> None:
    assert (chunk_size(10), chunk_size(4_000), chunk_size(100_000)) == (50, 400, 2_500)
    assert Counts(new=1, pet=2, update=3, error=9).good == 6


def test_small_questions_about_customers() -> None:
    assert PhoneReading().empty
    assert not read_phones("13812345678").empty
    assert [p.e164 for p in read_phones("13812345678/138-1234-5678").phones] == ["+8613812345678"]
    assert name_tokens(" ", person=True) == set()
    assert {"annali", "li"} <= name_tokens("Anna Li", person=True)
    assert words_of(Searched("")) == {}
    assert name_tokens("王", person=True) == {"王", "wang"}
    many = CustomerDraft(
        full_name="x", phones=tuple(str(n) for n in range(6)), subjects=(SubjectDraft(name="a", kind="b"),) * 51
    )
    assert [problem.path for problem in customer_problems(many)] == ["phones", "subjects"]
