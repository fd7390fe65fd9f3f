"""What a chain's own programme does with a key: reads forms, sends them filled in, fetches what came."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types, and stubs would be one more tool
from litestar import Litestar

from core.customers.actions import add_customer
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft
from core.forms.queries import list_submissions
from core.tenancy.queries import list_branches
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.web.api_client import ANSWERS, INTAKE, Programme, new_token, programme
from tests.workplaces import MovableClock, TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def till(app: Litestar, clinic: TestTenant) -> Programme:
    return programme(app, await new_token(clinic))


async def count(clinic: TestTenant) -> int:
    async with clinic.unit() as uow:
        return len(await list_submissions(uow))


async def test_the_forms_are_listed_and_told_as_they_are(till: Programme) -> None:
    listed = (await till.get("/forms")).json()["forms"]
    intake = next(one for one in listed if one["id"] == INTAKE)
    told = (await till.get(f"/forms/{INTAKE}")).json()
    assert (told["id"], told["version"]) == (INTAKE, intake["version"])
    assert told["definition"]["fields"][0]["key"] == "species"
    assert (await till.get("/forms/petclinic.nothing")).status_code == 404


async def test_the_schema_takes_the_answers_that_the_server_takes(till: Programme) -> None:
    answer = await till.get(f"/forms/{INTAKE}/schema", headers={"accept-language": "zh-CN"})
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert schema["properties"]["species"]["title"] == "宠物类型"
    validator = Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(ANSWERS)] == []
    assert not validator.is_valid({**ANSWERS, "species": "dragon"})
    assert (await till.submit({"answers": ANSWERS})).status_code == 201


async def test_a_form_is_sent_once_however_often_it_is_sent(till: Programme, clinic: TestTenant) -> None:
    first = await till.submit({"answers": ANSWERS})
    again = await till.submit({"answers": ANSWERS})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(clinic) == 1
    other = await till.submit({"answers": {**ANSWERS, "species": "dog"}})
    assert (other.status_code, other.json()["type"]) == (409, "urn:anxin:problem:idempotency-key-reused")
    assert (await till.submit({"answers": ANSWERS}, once="another")).json()["id"] != first.json()["id"]


async def test_the_keys_of_two_programmes_never_meet(till: Programme, app: Litestar, clinic: TestTenant) -> None:
    other = programme(app, await new_token(clinic))
    one = await till.submit({"answers": ANSWERS})
    two = await other.submit({"answers": ANSWERS})
    assert one.json()["id"] != two.json()["id"]


async def test_every_fault_comes_at_once_by_path_and_code(till: Programme, clinic: TestTenant) -> None:
    answer = await till.submit({"answers": {"species": "dragon", "weight_kg": "5", "zz": 1}})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    found = {(one["path"], one["code"]) for one in answer.json()["errors"]}
    assert {("species", "option"), ("weight_kg", "type"), ("zz", "unknown"), ("owner_name", "required")} <= found
    assert all(one["text"] for one in answer.json()["errors"])
    assert await count(clinic) == 0


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"answers": ANSWERS, "tenant_id": "x"}, "tenant_id", "unknown-field"),
        ({"answers": ANSWERS, "customer": {"id": None, "name": "x"}}, "name", "unknown-field"),
        ({"answers": []}, "answers", "wrong-form"),
        ({}, "answers", "required"),
        ({"answers": ANSWERS, "channel": "interview"}, "channel", "wrong-form"),
        ({"answers": ANSWERS, "customer": {"phone": "abc", "full_name": "x"}}, "customer.phone", "bad-phone"),
        ({"answers": ANSWERS, "customer": {"phone": "13800138000"}}, "customer.full_name", "required"),
        ({"answers": {"species": "a\x00"}}, "answers.species", "bad-text"),
    ],
)
async def test_a_body_that_does_not_fit_is_named(till: Programme, body: Any, path: str, code: str) -> None:
    answer = await till.submit(body)
    assert answer.status_code == 422, answer.text
    assert (path, code) in {(one["path"], one["code"]) for one in answer.json()["errors"]}


async def test_what_is_no_json_is_told(till: Programme) -> None:
    path, once = f"/forms/{INTAKE}/submissions", {"idempotency-key": "a"}
    json_type = {"content-type": "application/json"}
    assert (await till.post(path, content=b"{", headers=once | json_type)).status_code == 400
    assert (await till.post(path, content=b"[" * 100_000, headers=once | json_type)).status_code == 400
    assert (await till.post(path, content=b'{"answers": "\xff"}', headers=once | json_type)).status_code == 400
    assert (await till.post(path, data={"answers": "x"}, headers=once)).status_code == 415
    big = b'{"answers": {"diet": "' + b"x" * 700_000 + b'"}}'
    assert (await till.post(path, content=big, headers=once | json_type)).status_code == 413


async def test_without_an_idempotency_key_nothing_is_taken(till: Programme, clinic: TestTenant) -> None:
    for once, code in (("", "required"), ("with space", "bad-key"), ("x" * 61, "bad-key")):
        answer = await till.submit({"answers": ANSWERS}, once=once)
        assert answer.status_code == 422
        assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [("Idempotency-Key", code)]
    assert await count(clinic) == 0


async def test_the_customer_is_named_by_id_or_by_phone(till: Programme, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        known = await add_customer(uow, draft=CustomerDraft(full_name="李雷", phones=("+8613900139000",)))
    answers = {**ANSWERS, "owner_name": "李雷", "owner_phone": "13900139000"}
    by_id = await till.submit({"answers": answers, "customer": {"id": str(known)}}, once="a")
    assert by_id.json()["customer_id"] == str(known)
    person = {"phone": "139 0013 9000", "full_name": "李雷"}
    by_phone = await till.submit({"answers": answers, "customer": person}, once="b")
    assert by_phone.json()["customer_id"] == str(known)
    both = await till.submit({"answers": ANSWERS, "customer": {"id": str(known), "phone": "1"}}, once="c")
    assert both.status_code == 422
    nobody = await till.submit({"answers": ANSWERS}, once="d")
    async with clinic.unit() as uow:
        assert (await get_customer(uow, nobody.json()["customer_id"])).full_name == "王小明"


async def test_the_branch_is_one_of_the_chains(till: Programme, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        branch = (await list_branches(uow))[0].branch_id
    assert (await till.submit({"answers": ANSWERS, "branch_id": str(branch)})).status_code == 201
    unknown = {"answers": ANSWERS, "branch_id": "01a20411-cad6-714a-9539-a36ad948f545"}
    assert (await till.submit(unknown, once="b")).status_code == 404


async def test_what_came_is_fetched_bit_by_bit_and_nothing_twice(
    till: Programme, clock: MovableClock, clinic: TestTenant
) -> None:
    ids = [(await till.submit({"answers": ANSWERS}, once=f"k{n}")).json()["id"] for n in range(3)]
    assert (await till.get("/submissions")).json()["submissions"] == [], "what is just being written comes next time"
    clock.advance(minutes=1)
    first = (await till.get("/submissions", params={"limit": 2})).json()
    assert [one["submission_id"] for one in first["submissions"]] == ids[:2]
    assert first["submissions"][0]["data"]["species"] == "cat"
    assert first["more"] is True
    rest = (await till.get("/submissions", params={"after": first["next"]})).json()
    assert [one["submission_id"] for one in rest["submissions"]] == ids[2:]
    assert (rest["next"], rest["more"]) == (ids[2], False)
    assert (await till.get("/submissions", params={"after": ids[2]})).json()["next"] == ids[2]
    assert (await till.get("/submissions", params={"form_id": "petclinic.nothing"})).json()["submissions"] == []
    assert (await till.get("/submissions", params={"limit": 201})).status_code == 422
    assert (await till.get("/submissions", params={"after": "x"})).status_code in {404, 422}
    async with clinic.unit("tenant_admin") as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    assert (await till.get("/submissions")).json()["submissions"] == []
    assert (await till.get(f"/forms/{INTAKE}")).status_code == 404


async def test_a_programme_that_asks_without_end_is_slowed_down(
    till: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.key_door.CALLS_A_MINUTE", 3)
    for _ in range(3):
        answer = await till.get("/forms/none")
    assert answer.status_code == 404
    slowed = await till.get("/forms")
    assert (slowed.status_code, slowed.json()["type"]) == (429, "urn:anxin:problem:too-many-requests")
    assert 0 < int(slowed.headers["retry-after"]) <= 60
