"""The OpenAPI document names every route that a key opens, with what it takes and answers, and real answers fit it."""

import inspect
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types, and stubs would be one more tool
from litestar import Litestar

from tenants.plugin_settings import enable_plugin
from tests.web.api_client import ANSWERS, INTAKE, Programme, new_token, programme
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant
from web.openapi.document import api_routes, build_document
from web.openapi.operations import Operation
from web.routes.api_operations import OPERATIONS

OURS = {"request", "reader", "uow"}


@pytest.fixture
def document(app: Litestar) -> dict[str, Any]:
    return build_document(app, OPERATIONS, server="https://anxin.example", version="1")


@pytest.fixture
async def till(app: Litestar, tenant_a: TestTenant) -> Programme:
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return programme(app, await new_token(tenant_a))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


async def test_every_description_belongs_to_a_route_and_every_route_has_one(app: Litestar) -> None:
    assert set(OPERATIONS) == {f"{method} {template}" for method, template, _, _ in api_routes(app)}


async def test_a_route_without_a_description_stops_the_document(app: Litestar) -> None:
    some: dict[str, Operation] = dict(list(OPERATIONS.items())[:-1])
    with pytest.raises(LookupError):
        build_document(app, some, server="", version="1")


async def test_the_query_of_the_document_is_what_the_handler_reads(app: Litestar) -> None:
    for method, template, _, handler in api_routes(app):
        taken = set(inspect.signature(handler.fn).parameters) - OURS - set(re.findall(r"\{(\w+):", template))
        said = {one.name for one in OPERATIONS[f"{method} {template}"].query} - {"state"}
        assert taken == said, f"{method} {template}"


async def test_every_operation_says_what_it_takes_answers_and_refuses(document: dict[str, Any]) -> None:
    ids = [one["operationId"] for _, _, one in operations(document)]
    assert len(ids) == len(set(ids)), "operation ids name functions of generated clients"
    for path, method, one in operations(document):
        name = f"{method} {path}"
        assert one["summary"], name
        assert one["security"] == [{"key": [one["security"][0]["key"][0]]}], name
        assert {"400", "401", "403", "422", "429", "default"} <= set(one["responses"]), name
        assert any(status in one["responses"] for status in ("200", "201")), name
        if "{" in path:
            assert "404" in one["responses"], name
        if method == "post":
            assert one["requestBody"]["content"], name
            assert {"409", "413", "415"} <= set(one["responses"]), name


async def test_every_schema_of_the_document_is_one_and_every_reference_leads_somewhere(
    document: dict[str, Any],
) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                _, *parts = value["$ref"].split("/")
                found: Any = document
                for part in parts:
                    found = found[part]
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(document)


async def test_every_example_fits_its_own_schema(document: dict[str, Any]) -> None:
    for path, method, one in operations(document):
        for content in one.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                problems = complaints(document, content["schema"], content["example"])
                assert problems == [], f"{method} {path}: {problems}"


def complaints(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [f"{list(error.path)}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


async def test_what_the_application_answers_fits_the_document(
    till: Programme, document: dict[str, Any], tenant_a: TestTenant, clock: MovableClock
) -> None:
    async def fits(method: str, path: str, status: int, body: Any = None, once: str = "", **ids: object) -> Any:
        address = path.format(**ids)
        headers = {"idempotency-key": once} if once else {}
        answer = await till.request(method, address, json=body, headers=headers)
        assert answer.status_code == status, f"{method} {address}: {answer.text}"
        said = document["paths"][path.partition("?")[0]][method.lower()]["responses"]
        answered = said.get(str(status)) or said["default"]
        if "$ref" in answered:
            answered = document["components"]["responses"][answered["$ref"].rpartition("/")[2]]
        media = answer.headers["content-type"].partition(";")[0]
        found = complaints(document, answered["content"][media]["schema"], answer.json())
        assert found == [], f"{method} {address}: {found}"
        return answer.json()

    person = await fits("POST", "/customers", 201, {"phone": "13800138000", "full_name": "王小明"})
    who = {"customer_id": person["id"]}
    await fits("POST", "/forms/{form_id}/submissions", 201, {"answers": ANSWERS}, once="f-1", form_id=INTAKE)
    await fits("POST", "/complaints", 201, {"text": "等了两个小时", "contact_phone": "13800138000"}, once="c-1")
    clock.advance(seconds=2)
    case = (await till.get("/complaints?limit=1")).json()["complaints"]
    pet = {"name": "年糕", "kind": "petclinic.pet", "species": "cat"}
    await fits("POST", "/customers/{customer_id}/subjects", 201, pet, **who)
    mail = {"kind": "email", "value": "wang@example.com"}
    await fits("POST", "/customers/{customer_id}/contacts", 201, mail, **who)
    yes = {"purpose": "survey", "decision": "granted", "text_shown": "同意"}
    await fits("POST", "/customers/{customer_id}/consents", 201, yes, **who)
    visit = (await fits("POST", "/visits", 201, who))["visit_id"]
    await fits("POST", "/visits/{visit_id}/end", 200, {"how": "discharged"}, visit_id=visit)
    await fits("POST", "/customers/{customer_id}/purchases", 201, {"key": "b-1", "fen": 60000}, **who)
    await fits("POST", "/customers/{customer_id}/purchases", 200, {"key": "b-1", "fen": 60000}, **who)
    await fits("POST", "/customers/{customer_id}/refunds", 201, {"key": "r-1", "of": "b-1", "fen": 100}, **who)
    await fits("POST", "/customers/{customer_id}/points/grant", 201, {"key": "g", "points": 9, "reason": "礼"}, **who)
    for path in (
        *("/forms", "/submissions", "/customers", "/visits", "/branches", "/prices", "/segments", "/complaints"),
        *(
            "/customers/{customer_id}" + end
            for end in ("", "/contacts", "/timeline", "/account", "/entries", "/coupons")
        ),
        *("/customers/{customer_id}/points/quote", "/loyalty/program", "/surveys", "/exports", "/notices"),
        "/surveys/answers?first=2026-11-01&last=2026-11-30",
    ):
        await fits("GET", path, 200, **who)
    for one in case:
        said = {"text": "收据已找到"}
        gift = {"key": "g-1", "kind": "gift", "label": "零食", "cost_fen": 100}
        await fits("POST", "/complaints/{complaint_id}/information", 201, said, complaint_id=one["id"])
        await fits("POST", "/complaints/{complaint_id}/remedies", 201, gift, complaint_id=one["id"])
        for end in ("", "/remedies", "/events"):
            await fits("GET", "/complaints/{complaint_id}" + end, 200, complaint_id=one["id"])
    for segment in (await till.get("/segments")).json()["segments"][:2]:
        await fits("GET", "/segments/{segment}/members", 200, segment=segment["id"])
    for path in ("/customers/{customer_id}", "/visits/{visit_id}", "/complaints/{complaint_id}/remedies"):
        await fits("GET", path, 404, customer_id=uuid4(), visit_id=uuid4(), complaint_id=uuid4())
    await fits("POST", "/customers", 422, {"phone": 1})


async def test_pages_of_customers_hold_everybody_once(till: Programme) -> None:
    made = [
        (await till.post("/customers", json={"phone": f"1380013800{n}", "full_name": f"王小{n}"})).json()["id"]
        for n in range(5)
    ]
    found: list[str] = []
    after: UUID | str | None = None
    while True:
        page = (await till.get("/customers", params={"limit": 2} | ({"after": str(after)} if after else {}))).json()
        found += [one["customer_id"] for one in page["customers"]]
        after = page["next"]
        if not page["more"]:
            break
    assert found == list(reversed(made))
    assert after is None
    assert (await till.get("/visits", params={"after": "made-up"})).status_code == 422


async def test_the_document_and_its_page_are_open_and_ask_nobody_else(browser: Callable[[], Browser]) -> None:
    someone = browser()
    answer = await someone.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")
    page = await someone.get("/api/v1/docs")
    assert page.status_code == 200
    assert "http" not in page.headers["content-security-policy"]
    assert not re.findall(r"(?:src|href)=\"https?://", page.text)
    for name in OPERATIONS:
        assert re.sub(r"\{(\w+):\w+\}", r"{\1}", name.split()[1].removeprefix("/api/v1")) in page.text
