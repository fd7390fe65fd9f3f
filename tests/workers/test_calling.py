"""Calls to addresses of tenants: to the address that was checked and no other, within limits, and nothing a stranger does raises."""

import asyncio
import ssl

import msgspec
import pytest

from core.webhooks.outward import Outward
from tests.receivers import LOCAL, SECRET_KEY, TLS, http, receiver
from workers import calling
from workers.calling import call

STRICT = Outward(SECRET_KEY, authority=str(TLS / "authority.pem"))


async def here(host: str, port: int) -> list[str]:
    """Every name is this machine."""
    del host, port
    return ["127.0.0.1"]


async def test_a_message_arrives_whole_over_tls_under_its_own_name() -> None:
    async with receiver(http(200, b"thanks"), tls=True) as there:
        url = f"https://hooks.example.test:{there.port}/in?a=1"
        found = await call(url, headers={"webhook-id": "m1"}, body="你好".encode(), outward=LOCAL, resolve=here)
    assert (found.status, found.error, found.answer) == (200, "", "thanks")
    (got,) = there.got
    assert got.head == "POST /in?a=1 HTTP/1.1"
    assert got.body.decode() == "你好"
    assert got.headers["host"] == f"hooks.example.test:{there.port}"
    assert got.headers["webhook-id"] == "m1"
    assert got.headers["content-type"] == "application/json"
    assert found.millis >= 0


async def test_a_certificate_of_another_name_or_of_an_unknown_authority_is_refused() -> None:
    async with receiver(tls=True) as there:
        url = f"https://other.example.test:{there.port}/"
        assert (await call(url, headers={}, body=b"", outward=LOCAL, resolve=here)).error == "certificate"
        untrusting = msgspec.structs.replace(LOCAL, authority="")
        assert (await call(there.url, headers={}, body=b"", outward=untrusting)).error == "certificate"
    assert there.got == []


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiver() as target, receiver(http(302, location=target.url)) as there:
        found = await call(there.url, headers={}, body=b"{}", outward=LOCAL)
    assert found.status == 302
    assert target.got == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
    ],
)
async def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    async def inside(host: str, port: int) -> list[str]:
        del host, port
        return addresses

    async with receiver(tls=True) as there:
        url = f"https://hooks.example.test:{there.port}/"
        found = await call(url, headers={}, body=b"", outward=STRICT, resolve=inside)
    assert (found.status, found.error) == (None, "not-public")
    assert there.got == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:{port}/", "http://hooks.example.test:{port}/", "https://[::1]/", "x"]
)
async def test_a_url_that_is_not_allowed_is_refused_again_at_the_call(url: str) -> None:
    async with receiver() as there:
        found = await call(url.format(port=there.port), headers={}, body=b"", outward=STRICT, resolve=here)
    assert found.error == "not-public"
    assert there.got == []


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS that changes its mind between the check and the connection gains nothing: the name is asked once."""
    asked: list[str] = []
    gone_to: list[object] = []

    async def changing(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    async def connecting(host: object, *_: object, **more: object) -> None:
        gone_to.append((host, more["server_hostname"]))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", connecting)
    found = await call("https://hooks.example.test/", headers={}, body=b"", outward=STRICT, resolve=changing)
    assert found.error == "connection"
    assert asked == ["hooks.example.test"]
    assert gone_to == [("93.184.216.34", "hooks.example.test")]


async def test_a_second_address_is_tried_when_the_first_is_dead() -> None:
    async with receiver() as there:

        async def two(host: str, port: int) -> list[str]:
            del host, port
            return ["::1", "127.0.0.1"]

        found = await call(there.url, headers={}, body=b"", outward=LOCAL, resolve=two)
    assert found.status == 204


async def test_who_says_nothing_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "WHOLE", 0.2)
    async with receiver(None) as there:
        found = await call(there.url, headers={}, body=b"{}", outward=LOCAL)
    assert (found.status, found.error) == (None, "timeout")


async def test_an_answer_without_end_is_read_no_further_than_its_status() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with receiver(head, endless=b"400\r\n" + b"x" * 1024 + b"\r\n") as there:
        found = await call(there.url, headers={}, body=b"{}", outward=LOCAL)
    assert found.status == 200
    assert len(found.answer) <= calling.KEPT_BODY


@pytest.mark.parametrize(
    ("said", "endless", "error"),
    [
        (b"", b"", "protocol"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"", "protocol"),
        (b"HTTP/1.1 2\r\n\r\n", b"", "protocol"),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 1000 + b"\r\n", "protocol"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "too-large"),
    ],
)
async def test_what_is_no_http_is_an_error_and_no_exception(said: bytes, endless: bytes, error: str) -> None:
    async with receiver(said, endless=endless) as there:
        found = await call(there.url, headers={}, body=b"{}", outward=LOCAL)
    assert (found.status, found.error) == (None, error)


async def test_a_body_that_breaks_off_changes_no_status() -> None:
    async with receiver(b"HTTP/1.1 202 OK\r\ncontent-length: 100\r\n\r\nhalf") as there:
        found = await call(there.url, headers={}, body=b"{}", outward=LOCAL)
    assert (found.status, found.answer) == (202, "half")


async def test_a_closed_port_and_an_unknown_name_are_told_apart() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    async with receiver() as there:
        pass
    assert (await call(there.url, headers={}, body=b"", outward=LOCAL, resolve=here)).error == "connection"
    assert (await call(there.url, headers={}, body=b"", outward=LOCAL, resolve=nobody)).error == "name"


def test_old_versions_of_tls_are_not_spoken() -> None:
    assert calling._context("").minimum_version >= ssl.TLSVersion.TLSv1_2
    assert calling._context("").verify_mode is ssl.CERT_REQUIRED
