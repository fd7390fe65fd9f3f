"""Lists as customers keep them: dates in every style, phones with words, pets in one cell or several columns, odd headings."""

from datetime import date

import pytest

from core.customers.rules.phones import read_phones
from core.imports.rules.cells import (
    CellProblem,
    choice_words,
    read_amount,
    read_sex,
    read_yes_no,
    whole_digits,
)
from core.imports.rules.columns import Header, find_header, mapping_problems, propose_mapping
from core.imports.rules.dates import read_date
from core.imports.rules.files import Layout, read_rows, sniff
from core.imports.rules.matching import FileIndex
from core.imports.rules.reading import Judged, Terms
from core.imports.rules.rows import judge_row

TODAY = date(2026, 11, 23)
SPECIES = choice_words([("dog", ["犬"]), ("cat", ["猫"])])
DAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-05", "2026/3/5", "2026.3.5", "20260305", "20260305.0", "2026年3月5日", "2026年03月05号", "2026 3 5"),
        *("26/3/5", "26-03-05", "26年3月5日", "２０２６年３月５日", "46086", "46086.0", "46086.75", "民国115年3月5日"),
        *("民國115/03/05", "二〇二六年三月五日", "2026-03-05 14:30", "2026/3/5 14:30:00", "2026-03-05T00:00:00"),
        *("2026-03-05T08:00:00+08:00", "2026/3/5 星期四", "2026年3月5日（周四）", "2026/3/5 下午 2:30", "5-Mar-2026"),
        *("5 March 2026", "Mar 5, 2026", "March 5th 2026", "2026-Mar-05", " 2026-3-5 "),
    ],
)
def test_one_day_in_thirty_styles(text: str) -> None:
    reading = read_date(text, today=TODAY)
    assert reading is not None
    assert (reading.day, reading.partial) == (DAY, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("03/05/2026", "date-ambiguous"), ("3/4/20", "date-ambiguous"), ("2026-02-30", "date-impossible")),
        *(("26/13/40", "date-impossible"), ("2027-01-01", "date-future"), ("1899-01-01", "date-too-old")),
        *(("昨天", "date-unknown"), ("3岁", "date-unknown"), ("99999999", "date-impossible"), ("12", "date-unknown")),
        *(("5-Xyz-2026", "date-unknown"), ("民国115年2月30日", "date-impossible")),
    ],
)
def test_no_day_is_guessed(text: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_date(text, today=TODAY)
    assert refused.value.code == code


def test_a_short_year_is_the_last_one_that_has_been() -> None:
    days = {text: read_date(text, today=TODAY) for text in ("98/4/28", "28.4.98", "4/28/98")}
    assert {reading.day for reading in days.values() if reading} == {date(1998, 4, 28)}
    partial = [read_date(text, today=TODAY) for text in ("2020年4月", "202004", "2020.4", "2020年")]
    assert [reading.partial for reading in partial if reading] == [True] * 4
    assert [read_date(text, today=TODAY) for text in ("", "-", "不详", "不记得", "0000-00-00")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        *(
            ("¥1,200", 120000),
            ("￥１，２００．５０", 120050),
            ("1200元", 120000),
            ("1.2万", 1200000),
            ("1.2万元", 1200000),
        ),
        *(
            ("RMB 68", 6800),
            ("68块", 6800),
            ("人民币1200元整", 120000),
            ("0.5w", 500000),
            ("2k", 200000),
            ("1 200", 120000),
        ),
        *(("一千二", 120000), ("叁佰元整", 30000), ("499.50000000000006", 49950), ("0", 0)),
    ],
)
def test_money_as_people_write_it(text: str, fen: int) -> None:
    assert read_amount(text) == fen


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        *(("138 1234 6871", ["+8613812346871"]), ("138-1234-6871", ["+8613812346871"])),
        *(("１３８１２３４６８７１", ["+8613812346871"]), ("+86 138 1234 6871", ["+8613812346871"])),
        *(("(+86)13812346871", ["+8613812346871"]), ("8613812346871", ["+8613812346871"])),
        *(("008613812346871", ["+8613812346871"]), ("13812346871.0", ["+8613812346871"])),
        *(("13812346871/13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871、13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871 13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871\n13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871或者13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871&13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871(王先生) 13912345678(李女士)", ["+8613812346871", "+8613912345678"]),),
        *(("妈妈13812346871，爸爸13912345678", ["+8613812346871", "+8613912345678"]),),
        *(("13812346871微信同号", ["+8613812346871"]), ("微信同号：13812346871", ["+8613812346871"])),
        *(("电话：0546-3736312", ["+865463736312"]), ("（0546）3736312", ["+865463736312"])),
        *(("0546—3736312转801", ["+865463736312"]), ("010-62345678", ["+861062345678"])),
    ],
)
def test_phones_as_people_type_them(text: str, phones: list[str]) -> None:
    reading = read_phones(text)
    assert ([phone.e164 for phone in reading.phones], reading.refused) == (phones, ())


@pytest.mark.parametrize("text", ["见备注", "1381234687", "138123468711", "3736312", "12345678901", "无号码"])
def test_what_cannot_be_called_is_no_phone(text: str) -> None:
    assert read_phones(text).phones == ()


def test_scientific_notation_counts_only_while_no_digit_is_lost() -> None:
    assert whole_digits("1.3812346871E+10") == "13812346871"
    for lost in ("1.38E+10", "1.38123E+10", "1.381234687e10", "9.85112E+14"):
        with pytest.raises(CellProblem):
            whole_digits(lost)


def test_words_for_sexes_and_for_yes_and_no() -> None:
    assert {
        read_sex(text) for text in ("公", "雄", "♂", "男", "M", "先生", "公（已绝育）", "MN", "绝育公", "公犬")
    } == {"male"}
    assert {read_sex(text) for text in ("母", "雌", "♀", "女", "f", "女士", "母 已绝育", "FS", "女宝")} == {"female"}
    assert {read_yes_no(text) for text in ("是", "已绝育", "Y", "√", "1.0", "TRUE", "是的", "做过", "已去势")} == {True}
    assert {read_yes_no(text) for text in ("否", "未", "N", "×", "0", "没绝育", "还没做", "尚未", "不")} == {False}
    assert {read_yes_no(text) for text in ("", "不详", "未知", "-")} == {None}


def judge(mapping: tuple[str, ...], *cells: str, names: tuple[str, ...] = ()) -> Judged:
    terms = Terms(
        header=Header(1, names or mapping), mapping=mapping, today=TODAY, species=SPECIES, subject_kind="petclinic.pet"
    )
    return judge_row(terms, 2, cells)


ONE_CELL = ("name", "phone", "pet_name", "species", "breed", "sex", "birthday")


def test_several_pets_in_one_cell_are_several_pets() -> None:
    judged = judge(ONE_CELL, "王", "13812346871", "豆豆(金毛)、咪咪（猫，母）", "", "", "", "2020-04-28")
    assert judged.reading is not None
    assert [(p.name, p.species, p.breed, p.sex) for p in judged.reading.pets] == [
        ("豆豆", None, "金毛", None),
        ("咪咪", "cat", None, "female"),
    ]
    assert [p.birthday for p in judged.reading.pets] == [date(2020, 4, 28), None]
    assert [problem.code for problem in judged.problems] == ["pet-several"]
    dealt = judge(ONE_CELL, "王", "13812346871", "豆豆/咪咪", "犬/猫", "金毛/英短", "公/母", "").reading
    assert dealt is not None
    assert [(p.name, p.species, p.breed, p.sex) for p in dealt.pets] == [
        ("豆豆", "dog", "金毛", "male"),
        ("咪咪", "cat", "英短", "female"),
    ]
    shared = judge(ONE_CELL, "王", "13812346871", "豆豆，来福", "犬", "", "", "").reading
    assert shared is not None
    assert [p.species for p in shared.pets] == ["dog", "dog"]
    twice = judge(ONE_CELL, "王", "13812346871", "豆豆、豆豆", "", "", "", "").reading
    assert twice is not None
    assert len(twice.pets) == 1


def test_a_pet_in_brackets_brings_its_breed_and_a_name_keeps_its_other_signs() -> None:
    for text, name, breed in (
        ("豆豆(金毛)", "豆豆", "金毛"),
        ("豆豆【柯基】", "豆豆", "柯基"),
        ("豆豆(3号)", "豆豆", None),
    ):
        reading = judge(ONE_CELL, "王", "13812346871", text, "", "", "", "").reading
        assert reading is not None
        assert reading.pet is not None
        assert (reading.pet.name, reading.pet.breed) == (name, breed)
    english = judge(ONE_CELL, "王", "13812346871", "Coco Chanel", "", "", "", "").reading
    assert english is not None
    assert [pet.name for pet in english.pets] == ["Coco Chanel"]


def test_pets_in_columns_of_their_own() -> None:
    names = ("姓名", "手机", "宠物1", "品种1", "宠物2", "品种2", "宠物3")
    mapping = propose_mapping(Header(1, names), remembered={})
    assert mapping == ("name", "phone", "pet_name", "breed", "pet_name", "breed", "pet_name")
    assert mapping_problems(mapping) == ()
    reading = judge(mapping, "王", "13812346871", "豆豆", "金毛", "咪咪", "英短", "", names=names).reading
    assert reading is not None
    assert [(pet.name, pet.breed) for pet in reading.pets] == [("豆豆", "金毛"), ("咪咪", "英短")]
    index = FileIndex()
    index.place(2, reading)
    again = judge(mapping, "王", "13812346871", "咪咪", "", "", "", "", names=names).reading
    assert again is not None
    assert index.place(3, again).repeats


@pytest.mark.parametrize(
    "first",
    [
        "合计",
        "合计：",
        "合计（元）",
        "总计 120",
        "共计120人",
        "共 120 条",
        "小计:",
        "Total: 5",
        "制表人：李",
        "第 1 页 共 3 页",
    ],
)
def test_what_stands_below_a_list_is_no_row(first: str) -> None:
    assert judge(("name", "phone"), first, "").is_total
    assert judge(("name", "phone"), "", first).is_total


def test_the_headings_once_more_are_no_row_and_a_name_like_a_total_is_one() -> None:
    assert judge(("name", "phone"), "姓名", " 手机 ", names=("姓名", "手机")).is_total
    assert not judge(("name", "phone"), "共小明", "13812346871").is_total
    assert not judge(("name", "phone"), "总小计", "13812346871").is_total


def test_a_heading_of_two_lines_is_read_as_one() -> None:
    rows = [
        (1, ["东营总院客户登记表", "", "", "", "", ""]),
        (2, ["姓名", "联系方式", "", "宠物信息", "", ""]),
        (3, ["", "手机", "备用电话", "名字", "品种", "性别"]),
        (4, ["王小美", "13812346871", "", "豆豆", "柯基", "母"]),
    ]
    header = find_header(rows)
    assert header is not None
    assert (header.row, header.names) == (3, ("姓名", "手机", "备用电话", "名字", "品种", "性别"))
    assert propose_mapping(header, remembered={}) == ("name", "phone", "phone2", "pet_name", "breed", "sex")


@pytest.mark.parametrize(
    ("names", "mapping"),
    [
        (("姓名", "性别", "手机"), ("name", "gender", "phone")),
        (("姓名", "性别", "手机", "宠物名", "性别"), ("name", "gender", "phone", "pet_name", "sex")),
        (("姓名", "生日", "手机", "宠物名", "品种"), ("name", "", "phone", "pet_name", "breed")),
        (("姓名", "手机", "宠物名", "品种", "性别", "生日"), ("name", "phone", "pet_name", "breed", "sex", "birthday")),
        (("*客户姓名", "手机号（必填）", "消费总额(元)", ""), ("name", "phone", "spent", "")),
        (("主人名字", "联系电话1", "联系电话2", "爱宠名字"), ("name", "phone", "phone2", "pet_name")),
        (("姓名", "姓名", "手机", "品种"), ("name", "", "phone", "")),
    ],
)
def test_headings_mean_what_their_place_says(names: tuple[str, ...], mapping: tuple[str, ...]) -> None:
    proposed = propose_mapping(Header(1, names), remembered={})
    assert proposed == mapping
    assert mapping_problems(proposed) == ()


def test_a_line_that_names_the_separator_is_no_row() -> None:
    content = "sep=;\n姓名;手机\n王小美;13812346871\n".encode()
    layout = sniff(content)
    assert layout.delimiter == ";"
    assert [cells for _, cells in read_rows(content, layout)] == [["姓名", "手机"], ["王小美", "13812346871"]]
    assert [number for number, _ in read_rows(content, Layout(kind="csv", encoding="utf-8", delimiter=";"))] == [2, 3]
