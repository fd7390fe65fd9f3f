"""Builds the OpenAPI 3.1 document from the application's own routes, so that it cannot name one that there is not."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from tenants.api_keys import SCOPES
from web.openapi.operations import Operation, Query
from web.problems import Problem
from web.security import Access

ROOT: Final = "/api/v1"
_PARAMETER: Final = re.compile(r"\{(\w+):(\w+)\}")
_REF: Final = "#/components/schemas/{name}"
_ONCE: Final = "^[A-Za-z0-9_.:-]{1,60}$"
_ALWAYS: Final = (400, 401, 403, 422, 429)
"""No key, another scope, too often, or a text that nobody can store: of every operation."""
_WITH_BODY: Final = (409, 413, 415)
_REASONS: Final = {
    400: "It cannot be read at all.",
    401: "No key, or one that opens nothing.",
    403: "The key lacks the scope.",
    404: "There is none, or none of this chain.",
    409: "It contradicts what is there.",
    413: "Larger than this operation takes.",
    415: "Another type of content.",
    422: "Values that cannot be; `errors` names each by its path.",
    429: "Too often; `Retry-After` says how long to wait.",
}


def api_routes(app: Litestar) -> Iterator[tuple[str, str, str, HTTPRouteHandler]]:
    """Yield method, address, scope and handler of every operation that a key opens."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith(f"{ROOT}/"):
            continue
        for handler in route.route_handlers:
            access = next((one for one in handler.resolve_guards() if isinstance(one, Access)), None)
            if access is None or access.door != "key" or access.permission is None:
                continue
            for method in sorted(str(one) for one in handler.http_methods if str(one) != "OPTIONS"):
                yield method, _template(route), access.permission, handler


def _template(route: HTTPRoute) -> str:
    parts = [
        part if isinstance(part, str) else f"{{{part.name}:{part.type.__name__.lower()}}}"
        for part in route.path_components
    ]
    return "/" + "/".join(parts)


def build_document(app: Litestar, operations: Mapping[str, Operation], *, server: str, version: str) -> dict[str, Any]:
    """Return the document; `operations` is "GET /api/v1/..." -> what it says of itself.

    Raises:
        LookupError: a route says nothing of itself.
    """
    routes = list(api_routes(app))
    records = [Problem]
    for one in operations.values():
        records += [kind for kind in (one.body, *one.answers.values()) if _is_record(kind) and kind not in records]
    schemas, components = msgspec.json.schema_components(records, ref_template=_REF)
    by_record = dict(zip(records, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for method, template, scope, handler in routes:
        name = f"{method} {template}"
        if name not in operations:
            raise LookupError(f"{name} has no description: see web/routes/api_operations.py")
        said = operations[name]
        path = _PARAMETER.sub(r"{\1}", template).removeprefix(ROOT)
        paths.setdefault(path, {})[method.lower()] = _operation(said, method, template, scope, handler, by_record)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Anxin API", "version": version, "description": _ABOUT},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": f"{server}{ROOT}"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operations[f"{one[0]} {one[1]}"].tag for one in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of the chain. Scopes: "
                    + "; ".join(f"`{code}`: {words}" for code, words in SCOPES.items()),
                }
            },
            "responses": {str(status): _problem(words) for status, words in _REASONS.items()}
            | {"problem": _problem("Any other refusal.")},
        },
    }


_ABOUT: Final = (
    "Every refusal is a problem of RFC 9457. Money is whole fen. Lists take `after` and `limit` and answer with `next`"
    " and `more`. Operations that write take an `Idempotency-Key`: sent twice, done once. 600 calls a minute and key."
)


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Problem")}
    headers = {"X-Request-ID": {"description": "The reference of this request.", "schema": {"type": "string"}}}
    return {"description": words, "headers": headers, "content": {"application/problem+json": {"schema": schema}}}


def _operation(
    said: Operation, method: str, template: str, scope: str, handler: HTTPRouteHandler, by_record: Mapping[Any, Any]
) -> dict[str, Any]:
    refusals = {*_ALWAYS, *said.refusals, *(_WITH_BODY if said.body is not None else ())}
    if "{" in template:
        refusals.add(404)
    responses: dict[str, Any] = {
        str(status): {
            "description": said.summary,
            "headers": _headers(method),
            "content": {said.answer_type: {"schema": _schema(kind, by_record)}},
        }
        for status, kind in said.answers.items()
    }
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(refusals)}
    responses["default"] = {"$ref": "#/components/responses/problem"}
    found: dict[str, Any] = {
        "operationId": _id(method, template),
        "summary": said.summary,
        "tags": [said.tag],
        # OpenAPI 3.1 lets every scheme name what it asks for, not only OAuth 2.
        "security": [{"key": [scope]}],
        "x-body-limit": handler.resolve_request_max_body_size() if said.body is not None else 0,
        "parameters": [*_path(template), *map(_query, said.query), *_once(method, said)],
        "responses": responses,
    }
    if said.about:
        found["description"] = said.about
    if said.body is not None:
        content: dict[str, Any] = {"schema": _schema(said.body, by_record)}
        if said.example is not None:
            content["example"] = said.example
        found["requestBody"] = {"required": True, "content": {said.media_type: content}}
    return found


def _id(method: str, template: str) -> str:
    """A name for the functions of generated clients; it stays while the address does."""
    words = [part.strip("{}").partition(":")[0] for part in template.removeprefix(ROOT).split("/") if part]
    return "_".join([method.lower(), *(word.replace("-", "_") for word in words)])


def _schema(kind: Any, by_record: Mapping[Any, Any]) -> dict[str, Any]:
    return dict(by_record[kind]) if _is_record(kind) else dict(kind or {})


def _headers(method: str) -> dict[str, Any]:
    if method == "GET":
        return {}
    words = "`true` when the same key had done it before"
    return {"Idempotency-Replayed": {"description": words, "schema": {"type": "string", "enum": ["true"]}}}


def _path(template: str) -> Iterable[dict[str, Any]]:
    for name, kind in _PARAMETER.findall(template):
        schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(one: Query) -> dict[str, Any]:
    kinds = {
        "uuid": {"type": "string", "format": "uuid"},
        int: {"type": "integer"},
        date: {"type": "string", "format": "date"},
        bool: {"type": "boolean"},
    }
    schema: dict[str, Any] = dict(kinds.get(one.kind, {"type": "string"}))
    limits = {"minimum": one.minimum, "maximum": one.maximum, "default": one.default, "enum": list(one.options) or None}
    schema |= {name: value for name, value in limits.items() if value is not None}
    return {"name": one.name, "in": "query", "required": one.required, "description": one.about, "schema": schema}


_FOR_GOOD: Final = (
    "Names what is done: sent again with the same, nothing is done twice; with something else it is a 409."
)
_FOR_A_DAY: Final = (
    "For 24 hours the same key with the same request gets the same answer, and nothing is done again; with another request"
    " it is a 422, and while the first is still being answered a 409. Refusals are not kept."
)


def _once(method: str, said: Operation) -> Iterable[dict[str, Any]]:
    if method == "GET":
        return
    words = _FOR_A_DAY if said.once == "kept" else _FOR_GOOD
    if said.once == "either":
        words += " `key` of the body does the same."
    schema = {"type": "string", "pattern": _ONCE}
    required = said.once == "header"
    yield {"name": "Idempotency-Key", "in": "header", "required": required, "description": words, "schema": schema}
