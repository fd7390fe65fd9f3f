"""The outermost layer: a reference per request, bad addresses refused, headers on every answer, visits closed."""

import logging
import secrets
import time
from urllib.parse import unquote_to_bytes

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from core.errors import AnxinError
from tenants.api_keys import touch_key
from tenants.sessions import TOUCH_EVERY, touch_session
from web.htmx import VARY
from web.page import current_page, showing
from web.problems import answer_problem
from web.request import BadText, WebRequest
from web.security import SECURITY_HEADERS, check_address
from web.visit import Visit

access_log = logging.getLogger("anxin.access")
logger = logging.getLogger(__name__)

_LAST_RESORT = b"Something went wrong on our side. Please try again; if it stays, tell us the reference: "


class Edge:
    """Wraps Litestar's own handler, so that even an unknown address passes through it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        state = scope["state"] = dict(scope.get("state") or {})
        request_id = state["request_id"] = secrets.token_hex(6)
        request = WebRequest(scope, receive, send)
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # What was to be committed is; a slow reader, or a live page, must not hold a connection.
                await _end_visit(request)
                _add_headers(message, request_id)
            await send(message)

        try:
            # Whatever the request binds as its page is taken back at its end.
            with showing(current_page()):
                await self._answer(scope, receive, send_with_headers)
        except Exception:
            logger.exception("request %s failed outside every handler", request_id)
            if status:
                raise
            await _last_resort(request_id, send_with_headers)
        finally:
            await _leave(request)
            elapsed = (time.perf_counter() - started) * 1000
            # The path only: a query may hold what somebody searched for, and a public code is a key.
            access_log.info(
                "%s %s %d %.1f ms %s", scope["method"], scope.get("path_template") or "-", status, elapsed, request_id
            )

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        try:
            _check_address(scope)
        except AnxinError as error:
            request = WebRequest(scope, receive, send)
            response = answer_problem(request, error)
            await response.to_asgi_response(app=None, request=request)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _check_address(scope: HTTPScope) -> None:
    try:
        raw = scope.get("raw_path") or b""
        path = unquote_to_bytes(raw).decode() if raw else scope["path"]
        query = unquote_to_bytes(scope["query_string"]).decode()
    except UnicodeDecodeError:
        raise BadText from None
    check_address(path, query)


def _add_headers(message: Message, request_id: str) -> None:
    headers = MutableScopeHeaders.from_message(message)
    for name, value in SECURITY_HEADERS.items():
        # A stored file brings a policy of its own, which allows less.
        if name != "content-security-policy" or name not in headers:
            headers[name] = value
    headers["x-request-id"] = request_id
    if "cache-control" not in headers:
        headers["cache-control"] = "no-store"
    if "vary" not in headers:
        headers["vary"] = VARY


async def _last_resort(request_id: str, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 500,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": _LAST_RESORT + request_id.encode(), "more_body": False})


async def _end_visit(request: WebRequest) -> None:
    """Give the connection back whatever happened; a connection that died has nothing to give back."""
    visit = request.visit_or_none
    if visit is not None:
        try:
            await visit.close()
        except Exception:
            logger.exception("the transaction of request %s did not end well", request.request_id)


async def _leave(request: WebRequest) -> None:
    """Give the connection and the uploads back, and note that the session is in use."""
    await _end_visit(request)
    await request.close_files()
    visit = request.visit_or_none
    if visit is None:
        return
    if visit.key is not None and visit.key.last_used_on != visit.now.date():
        await _touch_key(request, visit)
    signed_in = visit.signed_in
    if signed_in is None or visit.now - signed_in.seen_at < TOUCH_EVERY:
        return
    try:
        async with request.runtime.workplace.unit(visit.scope.tenant_id, actor=visit.scope.actor) as uow:
            await touch_session(uow, token_hash=signed_in.token_hash)
    except Exception:
        logger.exception("the session of request %s could not be touched", request.request_id)


async def _touch_key(request: WebRequest, visit: Visit) -> None:
    assert visit.key is not None
    try:
        async with request.runtime.workplace.unit(visit.scope.tenant_id, actor=visit.scope.actor) as uow:
            await touch_key(uow, key_id=visit.key.key_id)
    except Exception:
        logger.exception("the key of request %s could not be touched", request.request_id)


def install_edge(app: Litestar) -> None:
    """Put the edge around the app; Litestar's middleware list would miss unknown addresses."""
    app.asgi_handler = Edge(app.asgi_handler)
