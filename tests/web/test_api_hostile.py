"""Hostile values in every parameter and every field of the OpenAPI document: each gets a problem or an answer, never a fault."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tenants.plugin_settings import enable_plugin
from tests.web.api_client import Programme, new_token, programme
from tests.workplaces import TestTenant
from web.openapi.document import build_document
from web.routes.api_operations import OPERATIONS

TEXTS = (
    "",
    "\x00",
    "a\x00b",
    "\u202e",
    "王" * 5000,
    "'; DROP TABLE x--",
    "null",
    "00000000-0000-0000-0000-000000000000",
)
NUMBERS = (-1, 0, 2**31, 2**63, 10**400, -(10**400), 1.5, 1e308)
OTHERS: tuple[Any, ...] = (None, True, [], {}, [[]], {"a": {"b": [None]}})
DATES = ("0001-01-01", "9999-12-31T23:59:59Z", "2026-02-30", "9999-12-31", "-1")
RAW = (
    b"",
    b"{",
    b"\xff\xfe",
    b'{"a":"\\ud800"}',
    b"[" * 100_000,
    b'{"phone":1e999}',
    b"NaN",
    b'"x"',
    b"\xef\xbb\xbf{}",
)
HEADERS: tuple[dict[str, str], ...] = (
    {"accept": "*/*;q=nonsense"},
    {"accept": "image/png"},
    {"accept-language": "x" * 2000},
    {"content-type": ""},
    {"content-type": "application/json; charset=nonsense"},
    {"content-type": "text/plain"},
    {"content-encoding": "gzip"},
    {"idempotency-key": "x" * 500},
    {"idempotency-key": "a b"},
)


@pytest.fixture
def document(app: Litestar) -> dict[str, Any]:
    return build_document(app, OPERATIONS, server="", version="1")


@pytest.fixture
async def till(app: Litestar, tenant_a: TestTenant, monkeypatch: pytest.MonkeyPatch) -> Programme:
    # Otherwise most of what is sent here would be answered with 429, and say nothing.
    monkeypatch.setattr("web.key_door.CALLS_A_MINUTE", 10**9)
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return programme(app, await new_token(tenant_a))


def refuse_faults(answer: httpx.Response, what: str) -> None:
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.json()["status"] == answer.status_code, what


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return one value that fits."""
    schema = resolved(document, schema)
    if "anyOf" in schema:
        return sample(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    kind = str(schema.get("type"))
    if kind == "object":
        needed = schema.get("required", [])
        return {name: sample(document, one) for name, one in schema.get("properties", {}).items() if name in needed}
    if kind == "array":
        return []
    formats = {"uuid": str(uuid4()), "date": "2026-11-23", "date-time": "2026-11-23T10:00:00Z"}
    return {"integer": 1, "number": 1, "boolean": True, "null": None}.get(
        kind, formats.get(str(schema.get("format")), "x")
    )


def hostile_bodies(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return bodies that fit but for one field."""
    whole = resolved(document, schema)
    good = sample(document, whole)
    names = [*whole.get("properties", {}), "no_such_field"]
    bad = (*TEXTS[:6], *DATES, *NUMBERS[:5], *NUMBERS[6:7], *OTHERS)
    return [(name, {**good, name: value}) for name in names for value in bad]


def posts(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, methods["post"]) for path, methods in document["paths"].items() if "post" in methods]


def filled(path: str) -> str:
    parts = [str(uuid4()) if part.startswith("{") and part != "{form_id}" else part for part in path.split("/")]
    return "/".join(parts).replace("{form_id}", "petclinic.intake")


async def test_hostile_values_in_addresses_and_queries_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    queries = (*TEXTS[:6], *DATES, *(str(one)[:60] for one in NUMBERS), "%ff", "\ud800"[:0])
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            names = [parameter["name"] for parameter in one["parameters"] if parameter["in"] == "query"]
            for name in [*names, "no_such_parameter"]:
                for value in queries:
                    answer = await till.request(method, filled(path), params={name: value})
                    refuse_faults(answer, f"{method} {path}?{name}={value!r}")
            if "{" in path:
                for bad in ("x", "%00", "%ff", "..%2f", "9" * 400, "%F0%9F%98%80", "petclinic.nothing"):
                    start, _, rest = path.partition("{")
                    answer = await till.request(method, start + bad + filled(rest.partition("}")[2]))
                    refuse_faults(answer, f"{method} {path} with {bad!r}")


async def test_hostile_values_in_every_field_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    person = (await till.post("/customers", json={"phone": "13800138000", "full_name": "王小明"})).json()["id"]
    for path, one in posts(document):
        content = one["requestBody"]["content"].get("application/json")
        if content is None:
            continue
        address = filled(path.replace("{customer_id}", person))
        for name, body in hostile_bodies(document, content["schema"]):
            headers = {"idempotency-key": uuid4().hex} if "key" not in body else {}
            answer = await till.post(address, json=body, headers=headers)
            refuse_faults(answer, f"POST {path} {name}={body.get(name)!r}"[:300])


async def test_what_is_no_json_and_strange_headers_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    for path, one in posts(document):
        kind = next(iter(one["requestBody"]["content"]))
        for raw in RAW:
            answer = await till.post(filled(path), content=raw, headers={"content-type": kind, "idempotency-key": "k"})
            refuse_faults(answer, f"POST {path} {raw[:20]!r}")
        for headers in HEADERS:
            answer = await till.post(filled(path), content=b"{}", headers={"content-type": kind, **headers})
            refuse_faults(answer, f"POST {path} {str(headers)[:80]}")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"):
        answer = await till.request(method, "/customers")
        assert answer.status_code == 405, f"{method}: {answer.text[:200]}"
        refuse_faults(answer, method)
