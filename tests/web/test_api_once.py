"""Keys of idempotency: the same request is done once and answered the same for a day, other requests and haste are refused."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from tenants.kept_answers import KEPT, Asked, Kept, find_kept, keep_answer, purge_answers
from tests.web.api_client import Programme, new_token, programme
from tests.workplaces import MovableClock, TestTenant
from web.openapi.document import api_routes
from web.routes.api_operations import OPERATIONS

PERSON = {"phone": "13800138000", "full_name": "王小明"}
OTHER = {"phone": "13900139000", "full_name": "李晓梅"}


@pytest.fixture
async def till(app: Litestar, tenant_a: TestTenant) -> Programme:
    return programme(app, await new_token(tenant_a))


async def add(till: Programme, body: dict[str, Any], key: str = "k1") -> httpx.Response:
    return await till.post("/customers", json=body, headers={"idempotency-key": key})


async def test_every_post_takes_a_key_in_one_of_the_two_ways(app: Litestar) -> None:
    for method, template, _, handler in api_routes(app):
        if method == "GET":
            continue
        keeps = getattr(handler.fn, "keeps_answers", False)
        assert keeps == (OPERATIONS[f"{method} {template}"].once == "kept"), template


async def test_the_same_key_and_body_get_the_same_answer_and_do_nothing(till: Programme) -> None:
    first = await add(till, PERSON)
    again = await add(till, PERSON)
    assert (first.status_code, again.status_code) == (201, 201)  # without the key the second would be a 200
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (await till.post("/customers", json=PERSON)).status_code == 200


async def test_the_same_key_with_another_body_or_address_is_refused(till: Programme) -> None:
    person = (await add(till, PERSON)).json()["id"]
    refused = await add(till, OTHER)
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("idempotency-key-of-another-request")
    assert (await till.post("/customers?x=1", json=PERSON, headers={"idempotency-key": "k1"})).status_code == 422
    # Another operation, and another programme, have keys of their own.
    body = {"code": "nobody", "fen": 100, "customer_id": person}
    answer = await till.post("/coupons/check", json=body, headers={"idempotency-key": "k1"})
    assert "idempotency" not in answer.json()["type"]


async def test_a_refusal_is_not_kept_so_the_corrected_request_may_use_the_key(till: Programme) -> None:
    assert (await add(till, PERSON | {"phone": "1"})).status_code == 422
    assert (await add(till, PERSON)).status_code == 201


async def test_after_a_day_the_key_is_new(till: Programme, clock: MovableClock, tenant_a: TestTenant) -> None:
    await add(till, PERSON)
    clock.advance(KEPT)
    assert (await add(till, PERSON)).status_code == 200
    assert (await add(till, PERSON)).headers["idempotency-replayed"] == "true"
    clock.advance(KEPT)
    async with tenant_a.unit() as uow:
        assert await purge_answers(uow) == 1
        assert await uow.session.scalar(text("SELECT count(*) FROM kept_answer")) == 0


@pytest.mark.parametrize("bad", ["", "a b", "x" * 61, "王"])
async def test_what_is_no_key_is_refused(till: Programme, bad: str) -> None:
    answer = await till.post("/customers", json=PERSON, headers=[(b"idempotency-key", bad.encode())])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_two_programmes_and_two_chains_never_meet_on_a_key(
    app: Litestar, till: Programme, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    mine = (await add(till, PERSON)).json()
    colleague = programme(app, await new_token(tenant_a))
    theirs = programme(app, await new_token(tenant_b))
    assert (await add(colleague, OTHER)).status_code == 201
    answer = await add(theirs, PERSON)
    assert answer.status_code == 201
    assert answer.json()["id"] != mine["id"]


async def test_who_sends_the_same_while_it_is_being_answered_is_told_to_wait(busy_tenant: TestTenant) -> None:
    token = await new_token(busy_tenant)
    assert token
    async with busy_tenant.unit() as uow:
        key_id = await uow.session.scalar(text("SELECT key_id FROM api_key"))
    asked = Asked(key_id=key_id, once_key="k", route="POST /x", body_hash=uuid4().hex)
    done: list[str] = []

    async def send(number: int) -> None:
        try:
            async with busy_tenant.unit() as uow:
                if await find_kept(uow, asked) is not None:
                    done.append("kept")
                    return
                await asyncio.sleep(0.1)
                await keep_answer(uow, asked, Kept(201, {}, b"%d" % number))
        except Exception as refused:  # noqa: BLE001 - its kind is what is asked
            done.append(type(refused).__name__)
        else:
            done.append("done")

    await asyncio.gather(*(send(number) for number in range(8)))
    assert sorted(done) == ["AnswerComing"] * 7 + ["done"]
    async with busy_tenant.unit() as uow:
        assert await find_kept(uow, asked) is not None
