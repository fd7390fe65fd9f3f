"""Two complaints are suggested as one for reasons that are named, and shares are tested fairly."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core.complaints.rules.likeness import SUGGESTED, Trait, alike, common_words, likenesses, score_of, shingles
from core.complaints.rules.shares import FEWEST, compare_shares, wilson

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
A, B = UUID(int=1), UUID(int=2)
NOISY = "候诊区的广播声音太大，猫咪一直发抖，希望调小一点"


def trait(text: str = "x", *, days: float = 0, **more: object) -> Trait:
    return Trait(text=text, received_at=NOW - timedelta(days=days), **more)  # type: ignore[arg-type] # the tests' own words


def why(one: Trait, two: Trait) -> list[str]:
    return [each.why for each in likenesses(one, two)]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"customers": frozenset({A})}, "customer"),
        ({"phone": "+8613900000001"}, "phone"),
        ({"subject_id": A}, "subject"),
        ({"source_key": "post:x"}, "source"),
    ],
)
def test_the_same_person_pet_or_post_is_a_reason_by_itself(more: dict[str, object], reason: str) -> None:
    found = likenesses(trait(**more), trait(**more))
    assert [one.why for one in found] == [reason]
    assert score_of(found) >= SUGGESTED


def test_after_two_weeks_only_the_same_post_still_counts() -> None:
    more: dict[str, object] = {"customers": frozenset({A}), "phone": "+8613900000001", "source_key": "post:x"}
    assert why(trait(NOISY, **more), trait(NOISY, days=14.1, **more)) == ["source"]
    assert "customer" in why(trait(NOISY, **more), trait(NOISY, days=13.9, **more))


def test_a_phone_adds_nothing_to_the_same_customer() -> None:
    more: dict[str, object] = {"customers": frozenset({A}), "phone": "+8613900000001"}
    assert why(trait(**more), trait(**more)) == ["customer"]
    assert why(trait(customers=frozenset({A})), trait(customers=frozenset({B}))) == []


def test_alike_words_of_chinese_are_found_whatever_the_signs_between() -> None:
    found = likenesses(trait(NOISY), trait("候诊区的广播,声音太大!!猫咪 一直发抖"))
    assert [one.why for one in found] == ["words"]
    assert "猫咪一直发抖" in found[0].words[0] + "".join(found[0].words)
    assert score_of(found) >= SUGGESTED


@pytest.mark.parametrize("other", ["结账时没有解释费用明细", "太吵", "", "候诊区很干净，护士很耐心，谢谢你们"])
def test_other_words_are_no_reason(other: str) -> None:
    assert alike(NOISY, other) is None


def test_a_short_complaint_inside_a_long_one_is_found() -> None:
    assert alike("寄养的狗从后门跑丢了", "你好，我是会员。" * 12 + "寄养的狗从后门跑丢了，请尽快处理") is not None


def test_widths_and_case_do_not_matter() -> None:
    assert shingles("ＡＢＣ，d") == shingles("abc d")
    assert common_words("猫咪一直发抖吗", "是的猫咪一直发抖") == ("猫咪一直发抖",)


def test_few_complaints_prove_nothing() -> None:
    few = compare_shares({"L3": FEWEST - 1}, {"L1": 60, "L2": 30, "L3": 10})
    assert (few.enough, few.drifted) == (False, ())
    assert compare_shares({}, {}).levels[0].low == 0


def test_the_documents_own_shares_are_no_drift_and_chance_is_none_either() -> None:
    expected = {"L1": 60, "L2": 30, "L3": 10}
    for counts in ({"L1": 60, "L2": 30, "L3": 10}, {"L1": 18, "L2": 7, "L3": 6}):
        assert compare_shares(counts, expected).drifted == ()  # type: ignore[arg-type] # plain words are levels


def test_a_real_drift_names_its_levels_with_n_and_bounds() -> None:
    shares = compare_shares({"L1": 90, "L2": 70, "L3": 40}, {"L1": 60, "L2": 30, "L3": 10})
    assert [one.severity for one in shares.drifted] == ["L1", "L3"]
    grave = shares.drifted[1]
    assert (shares.total, grave.count, round(grave.percent)) == (200, 40, 20)
    assert 10 < grave.low < 20 < grave.high


def test_a_level_without_an_expectation_never_drifts() -> None:
    assert compare_shares({"L1": 100}, {"L1": None}).drifted == ()


def test_the_interval_of_wilson_is_the_published_one() -> None:
    low, high = wilson(20, 200)
    assert (round(low, 1), round(high, 1)) == (6.0, 16.2)
    assert wilson(0, 0) == (0.0, 100.0)
