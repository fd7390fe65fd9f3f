"""The API's own description: OpenAPI 3.1 for programmes, a page of our own for people; both open to everybody."""

from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Response, get

from web.openapi.document import build_document
from web.request import WebRequest
from web.routes.api_operations import OPERATIONS
from web.screens import show
from web.security import OPEN


def _document(request: WebRequest) -> dict[str, Any]:
    address = request.runtime.settings.public_url
    return build_document(request.app, OPERATIONS, server=address, version=version("anxin"))


@get("/api/v1/openapi.json", guards=[OPEN])
async def show_document(request: WebRequest) -> Response[Any]:
    body = msgspec.json.encode(_document(request))
    return Response(body, media_type="application/json")


@get("/api/v1/docs", guards=[OPEN])
async def show_docs(request: WebRequest) -> Response[Any]:
    document = _document(request)
    return await show(
        request,
        "pages/api/reference.html",
        groups=[(tag["name"], _operations(document, tag["name"])) for tag in document["tags"]],
        address=document["servers"][0]["url"],
        version=document["info"]["version"],
        schemas=[(name, _pretty(schema)) for name, schema in sorted(document["components"]["schemas"].items())],
    )


def _operations(document: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    found = []
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            if tag in one["tags"]:
                content: dict[str, Any] = next(iter(one.get("requestBody", {}).get("content", {}).values()), {})
                found.append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "id": one["operationId"],
                        "summary": one["summary"],
                        "about": one.get("description", ""),
                        "scope": one["security"][0]["key"][0],
                        "parameters": one["parameters"],
                        "body": _name(content.get("schema", {})),
                        "example": _pretty(content["example"]) if "example" in content else "",
                        "answers": [
                            (status, _name(next(iter(answer["content"].values()))["schema"]))
                            for status, answer in one["responses"].items()
                            if "content" in answer
                        ],
                        "refusals": [status for status, answer in one["responses"].items() if "$ref" in answer],
                    }
                )
    return found


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


routes = [show_document, show_docs]
