"""Webhooks: signatures as the standard's own libraries make them, attempts that rest longer, addresses that are refused."""

from datetime import UTC, datetime, timedelta

import pytest

from core.hooks.records.webhooks import EventKind
from core.webhooks.catalogue import OWN, ForeignKind, gather
from core.webhooks.rules import (
    MAX_URL,
    RESTS,
    SILENT_AFTER,
    check_url,
    is_silent,
    key_of,
    may_reach,
    next_attempt,
    show_secret,
    sign,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_signature_is_the_one_of_the_published_example() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = sign(b'{"test": 2432232314}', message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at, keys=[key_of(SECRET)])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_changed_both_sign() -> None:
    both = sign("你好".encode(), message_id="m", at=NOW, keys=[b"n" * 24, b"o" * 24])["webhook-signature"].split()
    alone = [
        sign("你好".encode(), message_id="m", at=NOW, keys=[key])["webhook-signature"] for key in (b"n" * 24, b"o" * 24)
    ]
    assert both == alone


@pytest.mark.parametrize("bad", ["", "MfKQ9r8G", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", show_secret(b"x" * 65)])
def test_what_is_no_secret_signs_nothing(bad: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_of(bad)
    assert key_of(show_secret(b"x" * 24)) == b"x" * 24


def test_every_failure_rests_longer_until_there_is_no_further_attempt() -> None:
    rests = [next_attempt(n, failed_at=NOW, roll=0.0) for n in range(1, len(RESTS) + 1)]
    assert [one - NOW for one in rests if one] == list(RESTS)
    assert list(RESTS) == sorted(RESTS)
    assert next_attempt(len(RESTS) + 1, failed_at=NOW, roll=0.0) is None
    spread = next_attempt(1, failed_at=NOW, roll=0.5)
    assert spread == NOW + timedelta(seconds=5.5)


def test_an_address_is_switched_off_after_days_without_one_success() -> None:
    assert is_silent(failing_since=NOW - SILENT_AFTER, now=NOW)
    assert not is_silent(failing_since=NOW - SILENT_AFTER + timedelta(seconds=1), now=NOW)
    assert not is_silent(failing_since=None, now=NOW)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "198.18.0.1", "192.0.2.1", "192.88.99.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "nonsense", ""),
    ],
)
def test_addresses_of_our_own_network_and_of_nobody_are_refused(address: str) -> None:
    assert not may_reach(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url"),
        ("https://" + "a" * MAX_URL, "url"),
        ("https://例子.cn/", "url"),
        ("https://a.cn/ b", "url"),
        ("https://a.cn\\@10.0.0.1/", "url"),
        ("https://[::1/", "url"),
        ("https://a.cn:99999/", "url"),
        ("https://a.cn:0/", "url"),
        ("https://[fe80::1%25eth0]/", "url"),
        ("ftp://a.cn/", "url"),
        ("https:///x", "url"),
        ("https://me:pw@a.cn/", "webhook-url-parts"),
        ("https://a.cn/#x", "webhook-url-parts"),
        ("http://a.cn/", "webhook-not-https"),
        *((f"https://{host}/", "webhook-not-public") for host in ("localhost", "db.internal", "x.local.", "127.0.0.1")),
        *(
            (f"https://{host}/", "webhook-not-public")
            for host in ("2130706433", "0x7f.1", "127.1", "[::1]", "10.0.0.1")
        ),
    ],
)
def test_an_address_that_cannot_be_told_to_says_why(url: str, code: str) -> None:
    problem = check_url(url)
    assert problem is not None
    assert (problem.path, problem.code) == ("url", code)


def test_a_public_https_address_is_taken_and_tests_may_speak_to_themselves() -> None:
    assert check_url("https://hooks.ankang.cn:8443/anxin?shop=1") is None
    assert check_url("https://8.8.8.8/hook") is None
    assert check_url("http://127.0.0.1:9000/", plain=True) is None


def test_a_plugin_declares_kinds_under_its_own_name_only() -> None:
    mine = EventKind("dental.scan_done", {"zh-CN": "扫描完成", "en": "A scan is done"})
    kinds = gather({"dental": [mine]})
    assert kinds["dental.scan_done"] is mine
    assert {one.code for one in OWN} < set(kinds)
    for bad in ([EventKind("complaint.filed", "x")], [EventKind("petclinic.x", "x")], [mine, mine]):
        with pytest.raises(ForeignKind):
            gather({"dental": bad})
