"""Webhooks: signatures as the standard's own libraries make them, attempts that rest longer, addresses that are refused."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core.hooks.records.webhooks import EventKind
from core.settings import settings_from_env
from core.webhooks.catalogue import OWN, ForeignKind, gather
from core.webhooks.outward import outward_of
from core.webhooks.rules import (
    MAX_URL,
    RESTS,
    SILENT_AFTER,
    NoMaster,
    check_url,
    derive_key,
    is_silent,
    judge,
    key_of,
    mark_of,
    may_reach,
    next_attempt,
    show_secret,
    sign,
    wants,
    write_body,
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


ENDPOINT, TENANT = UUID(int=7), UUID(int=8)
MASTER = "a-secret-of-the-tests-that-is-long-enough"


def test_a_secret_is_made_from_the_process_secret_tenant_address_and_number() -> None:
    key = derive_key(MASTER, tenant_id=TENANT, endpoint_id=ENDPOINT, number=1)
    others = [
        derive_key(MASTER, tenant_id=TENANT, endpoint_id=ENDPOINT, number=2),
        derive_key(MASTER, tenant_id=ENDPOINT, endpoint_id=TENANT, number=1),
        derive_key(MASTER + "!", tenant_id=TENANT, endpoint_id=ENDPOINT, number=1),
    ]
    assert key == derive_key(MASTER, tenant_id=TENANT, endpoint_id=ENDPOINT, number=1)
    assert len({key, *others}) == 4
    assert key_of(show_secret(key)) == key
    assert mark_of(key) != mark_of(others[0])
    with pytest.raises(NoMaster):
        derive_key("short", tenant_id=TENANT, endpoint_id=ENDPOINT, number=1)


def test_an_address_without_a_choice_hears_everything() -> None:
    assert wants((), "tier.changed")
    assert wants(("tier.changed",), "tier.changed")
    assert not wants(("tier.changed",), "customer.created")


@pytest.mark.parametrize(
    ("status", "attempts", "since", "after"),
    [
        (200, 1, None, "heard"),
        (299, 12, NOW - SILENT_AFTER, "heard"),
        (302, 1, None, "again"),
        (None, 1, NOW, "again"),
        (500, len(RESTS), None, "again"),
        (500, len(RESTS) + 1, None, "failed"),
        (410, 1, None, "gone"),
        (500, 2, NOW - SILENT_AFTER, "silent"),
    ],
)
def test_what_an_attempt_means(status: int | None, attempts: int, since: datetime | None, after: str) -> None:
    found, at = judge(status, attempts=attempts, failing_since=since, now=NOW, roll=0.0)
    assert found == after
    assert (at is None) == (after != "again")


def test_a_body_has_the_three_members_of_the_standard() -> None:
    body = write_body("tier.changed", happened_at=NOW, data={"customer_id": ENDPOINT})
    assert json.loads(body) == {
        "type": "tier.changed",
        "timestamp": "2026-11-23T09:00:00Z",
        "data": {"customer_id": str(ENDPOINT)},
    }


def test_local_addresses_are_allowed_by_a_setting_and_never_in_production() -> None:
    env = {"DATABASE_URL": "x", "REDIS_URL": "x", "ANXIN_SECRET_KEY": MASTER, "ANXIN_CONTEXT_KEY": MASTER}
    assert not settings_from_env(env).webhooks_plain
    allowed = outward_of(settings_from_env(env | {"ANXIN_WEBHOOKS_PLAIN": "1", "ANXIN_WEBHOOKS_AUTHORITY": "ca.pem"}))
    assert (allowed.plain, allowed.authority, allowed.secret_key) == (True, "ca.pem", MASTER)
    with pytest.raises(LookupError):
        settings_from_env(env | {"ANXIN_WEBHOOKS_PLAIN": "1", "ANXIN_PROFILE": "production"})
