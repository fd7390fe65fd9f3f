"""Who is the same person: reasons one by one, families told apart, and precision and recall on generated customers."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.customers.rules.likeness import (
    AGAINST,
    POINTS,
    Likeness,
    Look,
    PetLook,
    blocking_keys,
    compare,
    level_of,
    near_sound,
    plain_address,
    plain_number,
    same_pet,
    same_pet_name,
    typing_distance,
)
from core.customers.rules.phones import read_phones

DOUDOU = PetLook(name="豆豆", species="dog", breed="柯基")


def look(name: str, phone: str = "", *pets: PetLook, **more: object) -> Look:
    """A customer as somebody typed them: the phone goes through the product's own reading."""
    phones = tuple(one.e164 for one in read_phones(phone).phones)
    return Look(full_name=name, phones=phones, pets=pets, **more)  # type: ignore[arg-type] # fields of Look


def codes(likeness: Likeness) -> set[str]:
    return {reason.code for reason in likeness.reasons}


@pytest.mark.parametrize(
    "typed",
    ["13812346871", "+86 138 1234 6871", "0086 13812346871", "86-138-1234-6871", "１３８１２３４６８７１", "138 1234 6871（微信同号）",
     "13812346871/13900001111", "13812346871.0"],
)  # fmt: skip
def test_a_phone_is_the_same_however_it_is_typed(typed: str) -> None:
    found = compare(look("王小美", "13812346871"), look("王小美", typed))
    assert (found.level, "phone" in codes(found)) == ("strong", True)


def test_a_landline_counts_less_for_a_family_or_a_company_answers_it() -> None:
    found = compare(look("王小美", "0546-6373631"), look("王小美", "(0546)6373631"))
    assert codes(found) == {"name", "landline"}
    assert found.level == "possible"


@pytest.mark.parametrize(
    ("typed", "near"),
    [("13812346817", True), ("13812346872", True), ("13812436871", True), ("13812346718", False), ("13912346872", False)],
)  # fmt: skip
def test_one_slip_in_a_phone_is_near_and_two_are_not(typed: str, near: bool) -> None:
    found = compare(look("王小美", "13812346871"), look("王小美", typed))
    assert ("phone-near" in codes(found)) is near
    assert (found.level == "likely") is near


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ("王小美", "王小美 ", "name"),
        ("王小美", "王小美女士", "name"),
        ("王小美(会员)", "王小美", "name"),
        ("张伟", "章伟", "name-sound"),
        ("張偉", "张伟", "name-sound"),
        ("周晓红", "周小红", "name-sound"),
        ("Wang Xiaomei", "王小美", "name-sound"),
        ("Li Lei", "Lei Li", "name-order"),
        ("Xiaomei Wang", "王小美", "name-order"),
        ("张三", "章山", "name-near-sound"),
        ("林静", "林进", "name-near-sound"),
        ("Jonathan Smith", "Jonathon Smith", "name-near-sound"),
        ("晴子未", "睛子末", "name-look"),
        ("王小美", "王美", "name-little"),
        ("王女士", "王美丽", "name-title"),
        ("王美丽", "王女士", "name-title"),
    ],
)
def test_names_agree_in_many_ways(left: str, right: str, code: str) -> None:
    found = compare(look(left, "13812346871"), look(right, "13812346871"))
    assert code in codes(found)
    assert found.level in {"likely", "strong"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("王小美", "李小美"),
        ("王建国", "王小明"),
        ("", "王小美"),
        ("小王", "小李"),
        ("王女士", "李美丽"),
        ("Tom", "Tim"),
    ],
)
def test_two_names_on_one_phone_are_a_household_and_no_duplicate(left: str, right: str) -> None:
    """A parent and a child share a phone, and even the dog."""
    found = compare(look(left, "13812346871", DOUDOU), look(right, "13812346871", DOUDOU))
    assert (found.level, found.score, found.household) == ("none", 0, True)
    assert not compare(look(left, "13812346871"), look(right, "13900001111")).household


def test_more_than_names_and_phones_speak_for_one_person() -> None:
    base = {"member_no": "HY-00102", "emails": ("Mei@example.com",), "address": "东营区 黄河路 12 号"}
    other = {"member_no": "hy00102", "emails": ("mei@EXAMPLE.com",), "address": "东营区黄河路12号"}
    found = compare(look("王小美", "", **base), look("王晓美", "", **other))
    assert {"member-no", "email", "address", "name-sound"} == codes(found)
    assert (found.level, found.score) == ("strong", 100)
    assert plain_number("００１２") == "12"
    assert plain_address("") == ""


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        (PetLook(name="豆豆", chip="1"), PetLook(name="来福", chip="1"), "pet-chip"),
        (PetLook(name="豆豆", chip="1"), PetLook(name="豆豆", chip="2"), "chips-differ"),
        (
            PetLook(name="豆豆", birthday=date(2020, 1, 1)),
            PetLook(name="逗逗", birthday=date(2020, 1, 1)),
            "pet-birthday",
        ),
        (
            PetLook(name="豆豆", birthday=date(2020, 1, 1)),
            PetLook(name="豆豆", birthday=date(2021, 1, 1)),
            "pet-birthday-differs",
        ),
        (PetLook(name="豆豆", birthday=date(2020, 1, 1)), PetLook(name="豆豆", birthday=date(2020, 2, 1)), "pet"),
        (DOUDOU, PetLook(name="豆豆", species="dog", breed="柯基"), "pet-breed"),
        (DOUDOU, PetLook(name="豆豆", species="dog", breed="泰迪"), "pet"),
    ],
)
def test_pets_speak_for_and_against(left: PetLook, right: PetLook, code: str) -> None:
    found = compare(look("王小美", "", left), look("王小美", "", right))
    assert code in codes(found)
    assert same_pet(left, right) is (code in POINTS)


def test_a_cat_and_a_dog_of_one_name_say_nothing() -> None:
    found = compare(look("王小美", "", DOUDOU), look("王小美", "", PetLook(name="豆豆", species="cat")))
    assert codes(found) == {"name"}
    assert not same_pet_name("", "豆豆")


def test_of_several_pets_the_best_agreement_and_the_gravest_contradiction_count() -> None:
    left = look("王小美", "", DOUDOU, PetLook(name="咪咪", chip="1"))
    right = look("王小美", "", DOUDOU, PetLook(name="咪咪", chip="2"))
    assert codes(compare(left, right)) == {"name", "pet-breed", "chips-differ"}


def test_what_speaks_against_one_person_lowers_the_score() -> None:
    two = {"verified_phones": ("+8613812346871",)}, {"verified_phones": ("+8613900001111",)}
    assert "phones-verified" in codes(
        compare(look("王伟", "13812346871", **two[0]), look("王伟", "13900001111", **two[1]))
    )
    assert "phones-differ" in codes(compare(look("王伟", "13812346871"), look("王伟", "13900001111")))
    assert "gender-differs" in codes(compare(look("王伟", gender="male"), look("王伟", gender="female")))
    assert "member-no-differs" in codes(compare(look("王伟", member_no="1"), look("王伟", member_no="2")))
    assert all(points < 0 for points in AGAINST.values())


@pytest.mark.parametrize(
    ("score", "level"),
    [(80, "strong"), (79, "likely"), (60, "likely"), (59, "possible"), (45, "possible"), (44, "none")],
)
def test_the_edge_of_a_level_belongs_to_it(score: int, level: str) -> None:
    assert level_of(score) == level


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("", "", 0), ("ab", "ba", 1), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "xyz", 2), ("a", "abcd", 2), ("abcd", "badc", 2)]
)  # fmt: skip
def test_slips_of_the_finger_are_counted_up_to_two(a: str, b: str, distance: int) -> None:
    assert typing_distance(a, b) == typing_distance(b, a) == distance


def test_near_sounds() -> None:
    assert [near_sound(one) for one in ("zhang", "lin", "nin", "cheng", "shi")] == ["zan", "nin", "nin", "cen", "si"]


PHONES = st.integers(3_000_000_000, 9_999_999_999).map(lambda number: f"1{number}")


@given(PHONES, st.integers(1, 10), st.integers(0, 9))
def test_one_slip_in_a_mobile_leaves_a_common_key(phone: str, place: int, digit: int) -> None:
    swapped = phone[: place - 1] + phone[place] + phone[place - 1] + phone[place + 1 :]
    wrong = phone[:place] + str(digit) + phone[place + 1 :]
    keys = blocking_keys(Look(full_name="", phones=(f"+86{phone}",)))
    for other in (swapped, wrong):
        if other[0] == "1" and other[1] in "3456789":
            assert keys & blocking_keys(Look(full_name="", phones=(f"+86{other}",))), other


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=20), st.text(max_size=20))
def test_the_verdict_is_the_same_from_both_sides(left: str, right: str, one: str, other: str) -> None:
    a, b = look(left, one, PetLook(name=other)), look(right, other, PetLook(name=one))
    assert compare(a, b).score == compare(b, a).score
    assert blocking_keys(a) == blocking_keys(a)


SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓韩冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷黎史龙陶贺毛郝顾龚邵万"
GIVEN = ["婷婷", "欣怡", "俊杰", "倩", "思远", "艳", "伟", "梓萱", "雪", "文博", "美玲", "敏", "小红", "雅婷", "涛", "浩然", "娟", "国栋", "勇", "建华", "杰",
         "淑珍", "桂英", "雨桐", "璐", "海燕", "立新", "秀英", "一诺", "明轩", "佳琪", "洋", "建国", "凯", "鹏", "娜", "静", "强", "磊", "子涵"]  # fmt: skip
PETS = ["米粒", "虎子", "糖糖", "乐乐", "泡芙", "花花", "奶茶", "团团", "小白", "土豆", "可乐", "灰灰", "大黄", "蛋挞", "旺财", "橘子", "妞妞", "豆豆", "元宝", "皮皮", "年糕", "黑豆", "球球", "布丁"]  # fmt: skip
BREEDS = {
    "dog": ["泰迪", "柴犬", "博美", "哈士奇", "比熊", "法斗", "边牧", "拉布拉多"],
    "cat": ["橘猫", "狸花", "英短", "暹罗", "缅因", "加菲"],
}
SOUND_ALIKE = {
    "晓": "小",
    "婷": "亭",
    "杰": "洁",
    "敏": "闵",
    "欣": "新",
    "怡": "宜",
    "张": "章",
    "静": "靖",
    "涛": "韬",
    "伟": "玮",
    "倩": "茜",
    "娟": "鹃",
}


def _person(rng: random.Random) -> Look:
    species = rng.choice(["dog", "cat"])
    day = date(2014, 1, 1) + timedelta(days=rng.randrange(4000))
    chip = f"{rng.randrange(10**14):015d}" if rng.random() < 0.4 else None
    pet = PetLook(name=rng.choice(PETS), species=species, breed=rng.choice(BREEDS[species]), chip=chip, birthday=day)
    phone = f"+861{rng.choice('3456789')}{rng.randrange(10**9):09d}"
    number = f"HY{rng.randrange(10**6):06d}" if rng.random() < 0.5 else None
    name = rng.choice(SURNAMES) + rng.choice(GIVEN)
    return Look(full_name=name, phones=(phone,), member_no=number, pets=(pet,))


def _twin(rng: random.Random, one: Look) -> Look:
    """The same person as another desk typed them: one or two of the slips that happen."""
    name, phone, pet = one.full_name, one.phones[0], one.pets[0]
    number = one.member_no if rng.random() < 0.3 else None
    if rng.random() < 0.35:
        name = "".join(SOUND_ALIKE.get(character, character) for character in name)
    slip = rng.random()
    if slip < 0.25:
        place = rng.randrange(5, 13)
        phone = phone[:place] + phone[place + 1] + phone[place] + phone[place + 2 :]
    elif slip < 0.4:
        place = rng.randrange(5, 14)
        phone = phone[:place] + str(rng.randrange(10)) + phone[place + 1 :]
    elif slip < 0.5:
        phone = f"+861{rng.choice('3456789')}{rng.randrange(10**9):09d}"
    pet = PetLook(
        name=pet.name,
        species=pet.species,
        breed=pet.breed if rng.random() < 0.7 else None,
        chip=pet.chip if rng.random() < 0.5 else None,
        birthday=pet.birthday if rng.random() < 0.5 else None,
    )
    return Look(full_name=name, phones=(phone,), member_no=number, pets=(pet,) if rng.random() < 0.8 else ())


def _relative(rng: random.Random, one: Look) -> Look:
    """Another person of the family: the same phone, the same pet, another name."""
    name = one.full_name[0] + rng.choice([given for given in GIVEN if given != one.full_name[1:]])
    return Look(full_name=name, phones=one.phones, pets=one.pets)


def _measure(seed: int, people: int) -> tuple[float, float, float, float]:
    """Recall and precision of pairs found at all, precision of the surer ones, and candidates per customer."""
    rng = random.Random(seed)
    looks = [_person(rng) for _ in range(people)]
    truth: set[tuple[int, int]] = set()
    for index in range(people):
        chance = rng.random()
        if chance < 0.1:
            truth.add((index, len(looks)))
            looks.append(_twin(rng, looks[index]))
        elif chance < 0.15:
            looks.append(_relative(rng, looks[index]))
    blocks: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(looks):
        for key in blocking_keys(one):
            blocks[key].append(index)
    pairs = {(a, b) for block in blocks.values() if len(block) <= 40 for a in block for b in block if a < b}
    found = {pair: likeness for pair in pairs if (likeness := compare(looks[pair[0]], looks[pair[1]])).level != "none"}
    sure = {pair for pair, likeness in found.items() if likeness.level != "possible"}
    right = truth & set(found)
    return len(right) / len(truth), len(right) / len(found), len(truth & sure) / len(sure), len(pairs) / len(looks)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_twins_are_found_and_few_others_are(seed: int) -> None:
    recall, precision, sure, candidates = _measure(seed, 4000)
    assert recall >= 0.95
    assert precision >= 0.95
    assert sure >= 0.98
    assert candidates <= 20
