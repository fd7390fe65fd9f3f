"""What a review has to show, and who may decide about it."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, ImageDraw

from core.db import new_id
from core.errors import FieldProblem
from core.hooks.records.loyalty.offers import ReviewReward
from core.hooks.records.loyalty.parts import PointsReward
from core.reviews.pictures import look_of
from core.reviews.rules import (
    ALIKE,
    Earlier,
    Failed,
    approver_problem,
    claim_problems,
    distance,
    find_link,
    fits_platform,
    link_key,
    next_claim_at,
    proof_checks,
)

RULE = ReviewReward(
    platforms=(("dianping", "大众点评"), ("meituan", "美团"), ("own_forum", "本地论坛")),
    choose_one_of=(PointsReward(points=1), PointsReward(points=2)),
)
SHARED = "安康宠物医院，医生很细心！http://dpurl.cn/AbC123z 来自大众点评"


def test_the_link_is_found_in_what_an_app_shares() -> None:
    assert find_link(SHARED) == "http://dpurl.cn/AbC123z"
    assert find_link("没有链接") == ""


@pytest.mark.parametrize(
    ("link", "key"),
    [
        ("https://www.dianping.com/review/1/?from=app#top", "dianping.com/review/1"),
        ("http://m.dianping.com/review/1", "dianping.com/review/1"),
        ("not a link", ""),
    ],
)
def test_a_link_is_known_again_however_it_was_shared(link: str, key: str) -> None:
    assert link_key(link) == key


@pytest.mark.parametrize(
    ("link", "platform", "fits"),
    [
        ("https://www.dianping.com/review/1", "dianping", True),
        ("https://dianping.com.evil.example/review/1", "dianping", False),
        ("https://evildianping.com/1", "dianping", False),
        ("https://www.meituan.com/1", "dianping", False),
        ("https://forum.example/1", "own_forum", True),
        ("nothing", "dianping", False),
    ],
)
def test_a_link_must_be_of_its_platform(link: str, platform: str, fits: bool) -> None:
    assert fits_platform(link, platform) is fits


def test_a_claim_says_everything_that_is_missing() -> None:
    assert claim_problems(RULE, platform="", text="", has_picture=False, choice=7) == (
        FieldProblem("platform", "required"),
        FieldProblem("link", "link-or-picture"),
        FieldProblem("picture", "required"),
        FieldProblem("choice", "required"),
    )
    assert claim_problems(RULE, platform="dianping", text=SHARED, has_picture=True, choice=1) == ()
    assert claim_problems(RULE, platform="dianping", text="", has_picture=True, choice=None) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 501, "too-long"), ("五星好评", "no-link"), ("https://www.meituan.com/1", "other-platform")],
)
def test_a_claims_link_is_looked_at(text: str, code: str) -> None:
    found = claim_problems(RULE, platform="dianping", text=text, has_picture=True, choice=None)
    assert [(one.path, one.code) for one in found] == [("link", code)]


def test_a_proof_that_was_shown_before_is_noticed_once_per_kind() -> None:
    look = 0b1111
    earlier = [
        Earlier(number=1, same_customer=True, sha256="a", look=look, link_key="dianping.com/1"),
        Earlier(number=2, same_customer=False, sha256="b", look=look ^ 0b11, link_key=""),
        Earlier(number=3, same_customer=False, sha256="a", look=None, link_key="dianping.com/1"),
    ]
    assert proof_checks(earlier, sha256="a", look=look, key="dianping.com/1", visit_known=False) == (
        Failed("picture", {"number": 1, "same": "yes"}),
        Failed("alike", {"number": 2, "same": "no"}),
        Failed("link", {"number": 1, "same": "yes"}),
        Failed("no_visit"),
    )
    assert proof_checks(earlier, sha256=None, look=None, key="", visit_known=True) == ()
    far = [Earlier(number=4, same_customer=False, sha256="c", look=~look)]
    assert proof_checks(far, sha256="z", look=look, key="k", visit_known=True) == ()


def test_looks_are_compared_bit_by_bit_signed_or_not() -> None:
    assert distance(-1, 0) == 64
    assert distance(5, 5) == 0


def _picture(words: str, size: tuple[int, int] = (400, 300)) -> Image.Image:
    made = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(made)
    for number, letter in enumerate(words):
        draw.rectangle((20 + 37 * number, 30, 45 + 37 * number, 30 + ord(letter) % 97 * 2), fill=(ord(letter), 40, 90))
    return made.resize(size)


def _bytes(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_picture_is_known_again_in_another_size_and_quality() -> None:
    first = look_of(_bytes(_picture("dianping"), "PNG"))
    again = look_of(_bytes(_picture("dianping", (260, 195)), "JPEG", quality=60))
    other = look_of(_bytes(_picture("zebra!xq"), "PNG"))
    assert distance(first, again) <= ALIKE < distance(first, other)
    assert -(1 << 63) <= first < 1 << 63


def test_the_next_claim_comes_after_the_rest() -> None:
    last = datetime(2026, 11, 1, tzinfo=UTC)
    assert next_claim_at(RULE, [last - timedelta(days=9), last]) == last + timedelta(days=90)
    assert next_claim_at(RULE, []) is None
    assert next_claim_at(ReviewReward(cooldown_days=0), [last]) is None


def test_who_is_reviewed_or_filed_it_does_not_decide() -> None:
    me, other = new_id(), new_id()
    assert approver_problem(me, concerned={me}, filed_by=None) == "reviewed"
    assert approver_problem(me, concerned={other}, filed_by=me) == "filed"
    assert approver_problem(me, concerned={other}, filed_by=other) is None
    assert approver_problem(None, concerned=set(), filed_by=None) is None
