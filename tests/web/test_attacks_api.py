"""S01 to S04, S38, S41, S47, S48 for programmes: a key opens its own chain, for what it was made, while it lives."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from core.forms.queries import list_submissions
from core.tenancy.queries import list_branches
from tenants.api_keys import SCOPES, list_keys, revoke_key
from tenants.models import ApiKey
from tenants.plugin_settings import enable_plugin
from tests.web.api_client import ANSWERS, INTAKE, new_token, programme
from tests.web.factories import FACTORIES
from tests.web.walk import Case, fingerprint, walk
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant
from web.security import OPEN, by_key

Client = Callable[..., Awaitable[Browser]]


class Two(msgspec.Struct):
    """A is the attacker's chain, B the victim's; both have the pet clinic on."""

    a: TestTenant
    b: TestTenant


@pytest.fixture
async def world(tenant_a: TestTenant, tenant_b: TestTenant) -> Two:
    for tenant in (tenant_a, tenant_b):
        async with tenant.unit() as uow:
            await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return Two(tenant_a, tenant_b)


# The day a key was last used is written beside every request.
TRACES = ("api_key",)


def api_cases(app: Litestar) -> list[Case]:
    return [case for case in walk(app) if case.template.startswith("/api/") and case.access != OPEN]


def _address(case: Case) -> str:
    """The route below `/api/v1`, with ids of nobody."""
    return case.path({name: uuid4() for name in case.ids}).removeprefix("/api/v1")


async def test_s47_a_key_does_what_its_scopes_say_and_nothing_else(app: Litestar, world: Two) -> None:
    cases = api_cases(app)
    assert {case.access.permission for case in cases if case.access} == set(SCOPES), "a scope that opens nothing"
    for scope in SCOPES:
        till = programme(app, await new_token(world.a, [scope]))
        for case in cases:
            assert case.access is not None
            answer = await till.request(case.method, _address(case))
            assert (answer.status_code == 403) == (case.access.permission != scope), f"{scope}: {case.name}"
            assert answer.status_code < 500


async def test_a_scope_that_no_key_can_hold_is_refused_when_the_app_is_built() -> None:
    with pytest.raises(LookupError):
        by_key("everything")


async def test_without_a_key_that_lives_every_route_answers_alike(
    app: Litestar, world: Two, clock: MovableClock
) -> None:
    good = await new_token(world.a)
    over = await new_token(world.a, expires_at=clock() + timedelta(days=1))
    clock.advance(days=2)
    revoked = await new_token(world.a)
    async with world.a.unit("tenant_admin") as uow:
        newest = max(await list_keys(uow), key=lambda one: one.key_id)
        await revoke_key(uow, key_id=newest.key_id)
        await revoke_key(uow, key_id=newest.key_id)
    unknown = good[:-1] + ("A" if good[-1] != "A" else "B")
    nobody = "anx_zzzzzz" + good[10:]
    before = await fingerprint(world.a)
    for case in api_cases(app):
        seen = set()
        for token in ("", "x", over, revoked, unknown, nobody, good[:-1], good + "A", good.upper(), f"{good} {good}"):
            answer = await programme(app, token).request(case.method, _address(case))
            assert answer.status_code == 401, (case.name, token)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            seen.add((answer.json()["type"], answer.json()["title"]))
        assert len(seen) == 1, "which of them it is must not be told"
    assert await fingerprint(world.a) == before
    assert (await programme(app, good).get("/forms")).status_code == 200


async def test_s41_a_session_opens_nothing_here_and_a_key_nothing_there(
    app: Litestar, client: Client, world: Two
) -> None:
    director = await client("director")
    for case in api_cases(app):
        answer = await director.request(case.method, f"/api/v1{_address(case)}")
        assert answer.status_code == 401, case.name
        assert answer.headers["content-type"] == "application/problem+json"
    key = {"authorization": f"Bearer {await new_token(world.a)}"}
    nobody = await client(None)
    assert (await nobody.get(f"/t/{world.a.slug}/customers", headers=key)).status_code == 303
    assert (await nobody.get("/api/v1/forms", params={"key": key["authorization"]})).status_code == 401


async def test_s01_s04_a_key_of_one_chain_never_reaches_another(app: Litestar, world: Two) -> None:
    till = programme(app, await new_token(world.a))
    theirs = programme(app, await new_token(world.b))
    sent = await theirs.submit({"answers": ANSWERS})
    before = await fingerprint(world.b)
    claims = {"x-tenant-id": str(world.b.id), "x-anxin-tenant": world.b.slug}
    for case in api_cases(app):
        if case.method == "GET":
            path = _address(case)
            answer = await till.get(path, headers=claims, params={"tenant_id": str(world.b.id)})
            assert str(sent.json()["id"]) not in answer.text, case.name
    assert (await till.get("/submissions", params={"after": str(sent.json()["id"])})).json()["submissions"] == []
    assert await fingerprint(world.b) == before


async def test_s01_an_id_of_another_chain_in_an_address_answers_like_an_id_of_nobody(app: Litestar, world: Two) -> None:
    till = programme(app, await new_token(world.a))
    cases = [case for case in api_cases(app) if case.ids]
    rows = {name: await FACTORIES[name](world.b) for name in sorted({name for case in cases for name in case.ids})}
    before = await fingerprint(world.b)
    for case in cases:
        of_b = await till.request(case.method, case.path(rows).removeprefix("/api/v1"), json={})
        of_nobody = await till.request(case.method, _address(case), json={})
        assert (of_b.status_code, of_nobody.status_code) == (404, 404), case.name
        assert {**of_b.json(), "reference": ""} == {**of_nobody.json(), "reference": ""}, case.name
    assert len(cases) > 8
    assert await fingerprint(world.b) == before


async def test_s03_ids_of_another_chain_in_a_body_write_nothing(app: Litestar, world: Two) -> None:
    till = programme(app, await new_token(world.a))
    async with world.b.unit() as uow:
        branch = (await list_branches(uow))[0].branch_id
    foreign: dict[str, dict[str, Any]] = {
        "customer_id": {"customer": {"id": str(await FACTORIES["customer_id"](world.b))}},
        "subject_id": {"subject_id": str(await FACTORIES["subject_id"](world.b))},
        "branch_id": {"branch_id": str(branch)},
    }
    before_a, before_b = await fingerprint(world.a, but=TRACES), await fingerprint(world.b)
    for name, body in foreign.items():
        of_b = await till.submit({"answers": ANSWERS, **body})
        nowhere: dict[str, Any] = {"customer": {"id": str(uuid4())}} if name == "customer_id" else {name: str(uuid4())}
        of_nobody = await till.submit({"answers": ANSWERS, **nowhere})
        assert (of_b.status_code, of_nobody.status_code) == (404, 404), name
        assert {**of_b.json(), "reference": ""} == {**of_nobody.json(), "reference": ""}
    assert await fingerprint(world.a, but=TRACES) == before_a
    assert await fingerprint(world.b) == before_b


async def test_s48_fields_that_the_body_does_not_have_are_refused(app: Litestar, world: Two) -> None:
    till = programme(app, await new_token(world.a))
    for surplus in ({"actor_name": "x"}, {"status": "complete"}, {"completed_at": "2000-01-01"}, {"form_id": INTAKE}):
        answer = await till.submit({"answers": ANSWERS, **surplus})
        assert answer.status_code == 422
    async with world.a.unit() as uow:
        assert await list_submissions(uow, form_id=INTAKE, customer_id=uuid4()) == []


async def test_a_key_is_kept_as_a_hash_and_shown_once(client: Client, tenant_a: TestTenant) -> None:
    director = await client("tenant_admin")
    path = f"/t/{tenant_a.slug}/api-keys"
    made = await director.send_form(path, {"name": "till", "scopes": ["forms.read", "forms.submit"], "expires_on": ""})
    assert made.status_code == 200, made.text
    token = made.text.partition('<code class="token">')[2].partition("<")[0]
    assert token.startswith("anx_")
    page = await director.get(path)
    assert token not in page.text
    assert token[:14] in page.text
    async with tenant_a.workplace.database.session(tenant_a.id, read_only=True) as session:
        row = (await session.execute(select(ApiKey.__table__).where(ApiKey.tenant_id == tenant_a.id))).one()
        assert token not in str(tuple(row))
        audit = await session.execute(text("SELECT * FROM audit_entry"))
        assert token not in str(audit.all())


async def test_the_page_tells_what_is_wrong_and_revokes_at_once(
    app: Litestar, client: Client, tenant_a: TestTenant
) -> None:
    director = await client("tenant_admin")
    path = f"/t/{tenant_a.slug}/api-keys"
    for form in (
        {"name": " ", "scopes": ["forms.read"]},
        {"name": "x" * 81, "scopes": ["forms.read"]},
        {"name": "till"},
        {"name": "till", "scopes": ["everything"]},
        {"name": "till", "scopes": ["forms.read"], "expires_on": "2020-01-01"},
        {"name": "till", "scopes": ["forms.read"], "expires_on": "soon"},
        {"name": "till", "scopes": ["forms.read"], "expires_on": "9999-12-31"},
    ):
        assert (await director.send_form(path, dict(form))).status_code == 422, form
    token = await new_token(tenant_a)
    till = programme(app, token)
    assert (await till.get("/forms")).status_code == 200
    async with tenant_a.unit() as uow:
        key = (await list_keys(uow))[0]
        assert key.last_used_on == uow.now.date()
    assert (await director.send_form(f"{path}/{key.key_id}/revoke")).status_code == 303
    assert (await till.get("/forms")).status_code == 401
