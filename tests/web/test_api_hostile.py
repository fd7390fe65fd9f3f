"""Hostile values in every parameter and every field of the OpenAPI document: each gets a problem or an answer, never a fault."""

import json
import re
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
MOMENT = re.compile(r"(_at|_on|until|day|first|last|from|to|at|birthday)$")
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


class Tried:
    """Values that a type refuses are refused by what all operations share, so each is tried once for each type."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._seen: set[tuple[str, str]] = set()

    def is_new(self, schema: dict[str, Any], value: Any) -> bool:
        """Tell whether the value reaches a deed, or meets this type for the first time."""
        if self._fits(schema, value):
            return True
        key = (json.dumps(schema, sort_keys=True), repr(value)[:80])
        fresh = key not in self._seen
        self._seen.add(key)
        return fresh

    def _fits(self, schema: dict[str, Any], value: Any) -> bool:
        schema = resolved(self._document, schema)
        if "anyOf" in schema:
            return any(self._fits(one, value) for one in schema["anyOf"])
        if "enum" in schema or "format" in schema or isinstance(value, dict | list):
            return False
        # Refused wherever they stand, before anybody looks at the field.
        if (isinstance(value, str) and "\x00" in value) or (isinstance(value, int) and abs(value) > 2**53):
            return False
        kinds = {"string": str, "integer": int, "number": int | float, "boolean": bool, "null": type(None)}
        kind = kinds.get(str(schema.get("type")))
        return kind is None or (isinstance(value, kind) and isinstance(value, bool) == (kind is bool))


def hostile_bodies(document: dict[str, Any], schema: dict[str, Any], tried: Tried) -> list[tuple[str, Any]]:
    """Return bodies that fit but for one field."""
    whole = resolved(document, schema)
    good = sample(document, whole)
    bad = (*TEXTS[:6], *DATES, *NUMBERS[:5], *NUMBERS[6:7], *OTHERS)
    # To a field that is no moment, a day is a text like any other.
    plain = [value for value in bad if value not in DATES[:4]]
    fields = whole.get("properties", {}) | {"no_such_field": {"type": "nothing"}}
    return [
        (name, {**good, name: value})
        for name, one in fields.items()
        for value in (bad if MOMENT.search(name) else plain)
        if tried.is_new(one, value)
    ]


def posts(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, methods["post"]) for path, methods in document["paths"].items() if "post" in methods]


def filled(path: str) -> str:
    parts = [str(uuid4()) if part.startswith("{") and part != "{form_id}" else part for part in path.split("/")]
    return "/".join(parts).replace("{form_id}", "petclinic.intake")


async def test_hostile_values_in_queries_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    queries = (*TEXTS[:6], *DATES, *(str(one)[:60] for one in NUMBERS), "%ff")
    tried = Tried(document)
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            for parameter in one["parameters"]:
                if parameter["in"] != "query":
                    continue
                # Whatever is no text is parsed by name and type before a handler sees it.
                schema, name = parameter["schema"], parameter["name"]
                kind = schema | {"parsed": schema.get("format") or schema["type"]}
                for value in queries:
                    if schema == {"type": "string"} or tried.is_new(kind | {"format": "parsed"}, value):
                        answer = await till.request(method, filled(path), params={name: value})
                        refuse_faults(answer, f"{method} {path}?{name}={value!r}")
            answer = await till.request(method, filled(path), params={"no_such_parameter": "\u202e"})
            refuse_faults(answer, f"{method} {path} with a parameter that it has not")


async def test_hostile_values_in_addresses_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    seen = set()
    for path, methods in document["paths"].items():
        start, _, rest = path.partition("{")
        if not rest or start in seen:  # an id is read by its place, whatever comes after it
            continue
        seen.add(start)
        for method in methods:
            for bad in ("x", "%00", "%ff", "..%2f", "9" * 400, "%F0%9F%98%80", "petclinic.nothing"):
                answer = await till.request(method, start + bad + filled(rest.partition("}")[2]))
                refuse_faults(answer, f"{method} {path} with {bad!r}")


async def test_hostile_values_in_every_field_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    person = (await till.post("/customers", json={"phone": "13800138000", "full_name": "王小明"})).json()["id"]
    filing = {"text": "等了两个小时", "contact_phone": "13800138000", "key": "c"}
    case = (await till.post("/complaints", json=filing)).json()["id"]
    visit = (await till.post("/visits", json={"customer_id": person})).json()["visit_id"]
    tried = Tried(document)
    for path, one in posts(document):
        content = one["requestBody"]["content"].get("application/json")
        if content is None:
            continue
        known = path.replace("{customer_id}", person).replace("{complaint_id}", case).replace("{visit_id}", visit)
        for name, body in hostile_bodies(document, content["schema"], tried):
            headers = {"idempotency-key": uuid4().hex} if "key" not in body else {}
            answer = await till.post(filled(known), json=body, headers=headers)
            refuse_faults(answer, f"POST {path} {name}={body.get(name)!r}"[:300])


async def test_what_is_no_json_and_strange_headers_are_no_fault(till: Programme, document: dict[str, Any]) -> None:
    person = (await till.post("/customers", json={"phone": "13800138000", "full_name": "王小明"})).json()["id"]
    for place, (path, one) in enumerate(posts(document)):
        kind, content = next(iter(one["requestBody"]["content"].items()))
        # Bodies that are records are all read by the same function; the others by their own.
        own = place < 2 or "$ref" not in content["schema"]
        address = filled(path.replace("{customer_id}", person))
        for raw in RAW if own else RAW[1:2]:
            answer = await till.post(address, content=raw, headers={"content-type": kind, "idempotency-key": "k"})
            refuse_faults(answer, f"POST {path} {raw[:20]!r}")
        for headers in HEADERS if own else HEADERS[-2:]:
            answer = await till.post(address, content=b"{}", headers={"content-type": kind, **headers})
            refuse_faults(answer, f"POST {path} {str(headers)[:80]}")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"):
        answer = await till.request(method, "/customers")
        assert answer.status_code == 405, f"{method}: {answer.text[:200]}"
        refuse_faults(answer, method)
