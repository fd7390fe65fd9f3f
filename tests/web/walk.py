"""Walks `app.routes`: each route with its method, its guard and addresses filled in, so that no new route is forgotten."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from litestar.routes import HTTPRoute
from sqlalchemy import text

from tests.web.factories import WORDS
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.security import Access

SAFE = {"GET", "HEAD"}
_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")


@dataclass(frozen=True)
class Case:
    """One method of one route."""

    method: str
    template: str
    parameters: tuple[str, ...]
    access: Access | None
    handler: HTTPRouteHandler

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def ids(self) -> tuple[str, ...]:
        """Parameters that name a row of a tenant."""
        return tuple(name for name in self.parameters if name not in WORDS)

    @property
    def is_staff(self) -> bool:
        return self.access is not None and self.access.door == "staff"

    @property
    def is_stream(self) -> bool:
        return self.handler.parsed_fn_signature.return_type.annotation is Stream

    def path(self, values: Mapping[str, object]) -> str:
        """Fill the address in; a parameter without a value gets its sample word."""

        def value(match: re.Match[str]) -> str:
            return quote(str(values.get(match[1], WORDS.get(match[1]))), safe="")

        return _PARAMETER.sub(value, self.template)


def walk(app: Litestar) -> Iterator[Case]:
    """Yield every method of every route but OPTIONS, which Litestar answers by itself."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no HTTP route: say how it is guarded"
        for handler in route.route_handlers:
            guards = [guard for guard in handler.resolve_guards() if isinstance(guard, Access)]
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield Case(
                    method=str(method),
                    template=_template(route),
                    parameters=tuple(route.path_parameters),
                    access=guards[0] if len(guards) == 1 else None,
                    handler=handler,
                )


def _template(route: HTTPRoute) -> str:
    parts = [
        part if isinstance(part, str) else f"{{{part.name}:{part.type.__name__.lower()}}}"
        for part in route.path_components
    ]
    return "/" + "/".join(parts)


def staff_cases(app: Litestar) -> list[Case]:
    """Return what needs a session; signing out is left out, since it ends the session the others need."""
    return [
        case for case in walk(app) if case.is_staff and not case.template.endswith("/sign-out") and not case.is_stream
    ]


async def call(browser: Browser, case: Case, values: Mapping[str, object], **more: Any) -> httpx.Response:
    """Send the request as a browser would: unsafe methods carry the session's token."""
    path = case.path(values)
    if case.method in SAFE:
        return await browser.request(case.method, path, **more)
    return await browser.request(case.method, path, data={"_csrf": browser.csrf} | more.pop("data", {}), **more)


_REFERENCE = re.compile(r"[0-9a-f]{12}\b")
_TOKEN = re.compile(r'(name="_csrf" value="|anxin:csrf" content=")[^"]*')
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def normal(answer: httpx.Response) -> str:
    """Return the body without what differs between any two requests: reference, token, the id that was asked for."""
    body = _ID.sub("ID", answer.text)
    return _REFERENCE.sub("REF", _TOKEN.sub(r"\1", body))


async def fingerprint(tenant: TestTenant, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return a checksum per table of all that the tenant has."""
    prints = {}
    async with tenant.workplace.database.session(tenant.id, read_only=True) as session:
        tables = await session.scalars(
            text(
                "SELECT c.table_name FROM information_schema.columns c "
                "WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' ORDER BY 1"
            )
        )
        for table in tables.all():
            if table not in but:
                query = f"SELECT coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM \"{table}\" t"
                prints[table] = str(await session.scalar(text(f"{query} WHERE tenant_id = :id"), {"id": tenant.id}))
    return prints
