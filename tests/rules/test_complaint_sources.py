"""Every channel has its own fields with their checks, and two complaints about one post or notice are known by it."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from core.complaints.rules.filing import Filing, filing_problems
from core.complaints.rules.sources import (
    SOURCES,
    ApiCall,
    Email,
    InPerson,
    OnlineChat,
    PhoneCall,
    PlatformReview,
    RegulatorNotice,
    SocialPost,
    Source,
    WebPage,
    channel_of,
    is_way_back,
    source_key,
    source_problems,
)
from core.hooks.records.complaints import Channel

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def problems(source: Source) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in source_problems(source, now=NOW, today=TODAY)]


def test_every_channel_has_one_kind_of_source_and_no_two_share_a_tag() -> None:
    assert set(SOURCES) == set(get_args(Channel))
    for channel, kind in SOURCES.items():
        assert kind.__struct_config__.tag == channel


GOOD: tuple[Source, ...] = (
    PhoneCall(),
    PhoneCall(called_at=NOW - timedelta(minutes=3)),
    InPerson(place="前台"),
    WebPage(),
    OnlineChat(tool="微信公众号", account="豆豆妈妈"),
    Email(sender="zhou@example.com", subject="投诉", message_id="<1@example.com>"),
    SocialPost(
        platform="小红书", account="橘猫日记", address="https://www.xiaohongshu.com/explore/64ab?xsec=1", reach=1200
    ),
    PlatformReview(platform="大众点评", stars=1),
    RegulatorNotice(authority="东营市市场监督管理局", case_number="东市监诉〔2026〕17号", received_on=TODAY),
    ApiCall(key_name="小程序", reference="order-77"),
)


@pytest.mark.parametrize("source", GOOD, ids=lambda source: type(source).__name__)
def test_a_source_survives_its_row_and_names_its_channel(source: Source) -> None:
    assert problems(source) == []
    assert msgspec.convert(msgspec.to_builtins(source), Source) == source
    assert SOURCES[channel_of(source)] is type(source)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (SocialPost(platform=" "), ("source.platform", "required")),
        (SocialPost(platform="微博", address="看我主页"), ("source.address", "address")),
        (SocialPost(platform="微博", address="https://[::1"), ("source.address", "address")),
        (SocialPost(platform="微博", address="javascript:alert(1)"), ("source.address", "address")),
        (SocialPost(platform="微博", reach=-1), ("source.reach", "range")),
        (SocialPost(platform="微" * 201), ("source.platform", "too-long")),
        (PlatformReview(platform="美团", stars=6), ("source.stars", "stars")),
        (PlatformReview(platform="美团", stars=0), ("source.stars", "stars")),
        (PhoneCall(called_at=NOW + timedelta(minutes=6)), ("source.called_at", "in-future")),
        (PhoneCall(called_at=datetime(2026, 3, 2)), ("source.called_at", "in-future")),  # noqa: DTZ001 - a time without a zone is the point
        (Email(sender="不是邮箱"), ("source.sender", "email")),
        (Email(sender=""), ("source.sender", "required")),
        (RegulatorNotice(authority="", case_number="17"), ("source.authority", "required")),
        (RegulatorNotice(authority="12315", case_number=""), ("source.case_number", "required")),
        (
            RegulatorNotice(authority="12315", case_number="17", received_on=TODAY + timedelta(days=1)),
            ("source.received_on", "in-future"),
        ),
        (
            RegulatorNotice(authority="12315", case_number="17", received_on=TODAY, deadline=TODAY - timedelta(days=1)),
            ("source.deadline", "before-received"),
        ),
        (ApiCall(key_name=""), ("source.key_name", "required")),
    ],
)
def test_a_wrong_field_of_a_source_is_named(source: Source, wrong: tuple[str, str]) -> None:
    assert problems(source) == [wrong]


def test_a_call_may_be_a_little_ahead_of_our_clock() -> None:
    assert problems(PhoneCall(called_at=NOW + timedelta(minutes=5))) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            SocialPost(platform="小红书", address="https://www.xiaohongshu.com/explore/64ab?xsec_token=AB&source=web"),
            SocialPost(platform="小红书", address="https://xiaohongshu.com/explore/64ab/#comments"),
        ),
        (
            SocialPost(platform="微博", address="https://m.weibo.cn/status/5012"),
            PlatformReview(platform="微博", address="https://weibo.cn/status/5012?from=share"),
        ),
        (
            RegulatorNotice(authority="市监局", case_number="东市监诉〔2026〕17号"),
            RegulatorNotice(authority="东营市市场监督管理局", case_number="东市监诉 [２０２６] 17 号"),
        ),
        (Email(sender="a@b.cn", message_id="<7@b.cn>"), Email(sender="c@b.cn", message_id=" <7@b.cn> ")),
        (ApiCall(key_name="小程序", reference="7"), ApiCall(key_name="小程序", reference="7 ")),
    ],
)
def test_the_same_post_notice_or_letter_has_the_same_key(one: Source, two: Source) -> None:
    assert source_key(one) == source_key(two) is not None


def test_another_note_of_the_same_page_is_another_post() -> None:
    first = SocialPost(platform="点评", address="https://www.dianping.com/review?id=1&from=x")
    second = SocialPost(platform="点评", address="https://www.dianping.com/review?id=2&from=x")
    assert source_key(first) != source_key(second)


@pytest.mark.parametrize(
    "source", [None, PhoneCall(), WebPage(), SocialPost(platform="抖音", account="x"), ApiCall(key_name="x")]
)
def test_what_names_nothing_has_no_key(source: Source | None) -> None:
    assert source_key(source) is None


@pytest.mark.parametrize(
    ("source", "reachable"),
    [
        (None, False),
        (PhoneCall(), False),
        (InPerson(), False),
        (WebPage(), False),
        (OnlineChat(tool="微信"), False),
        (OnlineChat(tool="微信", account="豆豆妈妈"), True),
        (Email(sender="zhou@example.com"), True),
        (SocialPost(platform="抖音"), False),
        (SocialPost(platform="抖音", account="橘猫日记"), True),
        (PlatformReview(platform="美团", address="https://meituan.com/r/1"), True),
        (RegulatorNotice(authority="12315", case_number="17"), True),
        (ApiCall(key_name="小程序"), False),
        (ApiCall(key_name="小程序", reference="7"), True),
    ],
)
def test_a_source_stands_for_a_telephone_when_somebody_can_be_found_by_it(
    source: Source | None, *, reachable: bool
) -> None:
    assert is_way_back(source) is reachable
    channel = "phone" if source is None else channel_of(source)
    filing = Filing(text="笼子没关好", channel=channel, source=source)
    missing = [one.code for one in filing_problems(filing) if one.path == "contact_phone"]
    assert missing == ([] if reachable else ["required"])


def test_the_desk_may_take_an_anonymous_complaint() -> None:
    assert filing_problems(Filing(text="候诊区太吵", channel="in_person", anonymous=True)) == ()


def test_a_source_of_another_channel_is_refused() -> None:
    filing = Filing(text="候诊区太吵", channel="phone", source=InPerson(), contact_phone="13878106871")
    assert [one.path for one in filing_problems(filing)] == ["channel"]
