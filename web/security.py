"""Doors: the one guard each route carries, cookies, CSRF tokens bound to the session, and response headers."""

import hashlib
import hmac
import secrets
from contextlib import AsyncExitStack
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from core.errors import Forbidden, NotFound, Unauthenticated
from core.scope import CUSTOMER, Actor
from tenants.api_keys import SCOPES
from tenants.roles import PERMISSIONS, permissions_of
from tenants.sessions import SignedIn, find_visitor
from tenants.work import CODE_PREFIX_LENGTH
from web.i18n import known_locale
from web.key_door import open_by_key
from web.page import CSRF_HEADER, LOCALE_COOKIE
from web.request import WebRequest, refuse_bad_text
from web.visit import Door, Visit

SESSION_COOKIE: Final = "__Host-anxin"
PRE_SESSION_COOKIE: Final = "__Host-anxin-pre"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_SOURCES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(f"{name} {source}" for name, source in _SOURCES.items())
SECURITY_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    # same-origin, not no-referrer: with the latter browsers send `Origin: null` and the check below could not work.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}


class CsrfRefused(Forbidden):
    """The request did not come from a page we gave to this session."""

    code = "csrf"


class Access(msgspec.Struct, frozen=True):
    """How a route is entered. It is the route's guard, and the table that the role matrix tests read."""

    door: Door | None
    """None: a page of no tenant."""
    permission: str | None = None
    """What a signed-in person needs; None for everybody who is signed in."""

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Open the visit, or raise what the visitor is to see."""
        request = cast("WebRequest", connection)
        unsafe = request.method not in SAFE_METHODS
        if self.door == "key":
            request.visit = await open_by_key(request, self.permission, read_only=not unsafe)
            return
        if unsafe:
            check_origin(request)
            # Read before the transaction opens: a slow upload must not hold a connection. Strangers are not read at all.
            if self.door != "staff" or SESSION_COOKIE in request.cookies:
                await request.open_form()
        if self.door is None:
            return
        visit = await _open(request, self.door, read_only=not unsafe)
        request.visit = visit
        if self.door == "staff":
            if visit.signed_in is None:
                raise Unauthenticated
            if unsafe and not is_csrf_token(request, csrf_token(request.runtime.settings.secret_key, visit.token)):
                raise CsrfRefused
            if self.permission is not None and not visit.scope.actor.may(self.permission):
                raise Forbidden(permission=self.permission)


def requires(permission: str | None = None) -> Access:
    """Guard a staff route: somebody is signed in here and, when named, holds the permission."""
    if permission is not None and permission not in PERMISSIONS:
        raise LookupError(f"no role can hold the permission {permission!r}; see tenants/roles.py")
    return Access("staff", permission)


def by_key(scope: str) -> Access:
    """Guard a route for programmes: the tenant's key in `Authorization: Bearer`, with this scope.

    Cookies give nothing there, so there is nothing that another site could misuse and no token to ask for.
    """
    if scope not in SCOPES:
        raise LookupError(f"no key can hold the scope {scope!r}; see tenants/api_keys.py")
    return Access("key", scope)


AT_TENANT: Final = Access("tenant")
"""At a tenant's address, signed in or not: the sign-in page."""
BY_CODE: Final = Access("code")
"""A customer's page behind `{code}`; cookies give nothing here."""
OPEN: Final = Access(None)
"""A page of no tenant: landing, health, files, language."""


async def _open(request: WebRequest, door: Door, *, read_only: bool) -> Visit:
    workplace = request.runtime.workplace
    if door == "code":
        kind, address = "code", str(request.path_params["code"])[:CODE_PREFIX_LENGTH]
    else:
        kind, address = "slug", str(request.path_params["slug"])
    tenant_id = await workplace.find_tenant_id(kind, address)
    if tenant_id is None:
        raise NotFound
    stack = AsyncExitStack()
    try:
        session = await stack.enter_async_context(workplace.database.session(tenant_id, read_only=read_only))
        now = request.runtime.clock()
        token = "" if door == "code" else request.cookies.get(SESSION_COOKIE, "")
        tenant, signed_in = await find_visitor(session, token=token, now=now) if token else (None, None)
        actor = _actor(signed_in)
        language = (signed_in.locale if signed_in else None) or request.cookies.get(LOCALE_COOKIE)
        scope, plugins = await workplace.enter(session, actor, known_locale(language), tenant=tenant)
    except BaseException:
        await stack.aclose()
        raise
    return Visit(
        door=door,
        session=session,
        scope=scope,
        plugins=plugins,
        now=now,
        read_only=read_only,
        stack=stack,
        signed_in=signed_in,
        token=token if signed_in else "",
    )


def _actor(signed_in: SignedIn | None) -> Actor:
    if signed_in is None:
        return CUSTOMER
    return Actor(
        kind="staff",
        name=signed_in.full_name,
        id=signed_in.staff_id,
        roles=signed_in.roles,
        permissions=permissions_of(signed_in.roles),
        branch_id=signed_in.branch_id,
    )


def csrf_token(secret_key: str, session_token: str) -> str:
    """Return the token that only pages of this session carry."""
    return hmac.new(secret_key.encode(), f"csrf:{session_token}".encode(), hashlib.sha256).hexdigest()


def sign_in_csrf_token(secret_key: str, pre_session: str) -> str:
    """Return the token of the sign-in form, bound to the cookie that came with it."""
    return hmac.new(secret_key.encode(), f"sign-in:{pre_session}".encode(), hashlib.sha256).hexdigest()


def new_pre_session() -> str:
    """Return a value for the cookie that a sign-in form is bound to."""
    return secrets.token_urlsafe(24)


def is_csrf_token(request: WebRequest, expected: str) -> bool:
    """Tell whether the form's field, or the header, is the expected token; compares in constant time."""
    sent = request.sent_csrf or request.headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())


def own_origin(request: WebRequest) -> str:
    """Return the origin that the browser used to reach us."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def check_origin(request: WebRequest) -> None:
    """Refuse a form that another site sent; browsers name it in Origin, and in Sec-Fetch-Site."""
    origin = request.headers.get("origin")
    if origin is not None:
        allowed = {own_origin(request), "{0.scheme}://{0.netloc}".format(urlsplit(request.runtime.settings.public_url))}
        if origin not in allowed:
            raise CsrfRefused
    elif request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise CsrfRefused


def can_keep_session(request: WebRequest) -> bool:
    """Tell whether the browser will take a Secure cookie from us: over https, or on this very machine."""
    return request.url.scheme == "https" or (request.url.hostname or "") in LOCAL_HOSTS


def set_cookie(response: Response[Any], name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send with a form."""
    response.set_cookie(key=name, value=value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax")


def drop_cookie(response: Response[Any], name: str) -> None:
    """Make the browser forget a cookie; the flags must be those it was set with."""
    set_cookie(response, name, "", max_age=0)


def check_address(path: str, query: str) -> None:
    """Refuse an address whose texts could not be stored."""
    refuse_bad_text(path)
    refuse_bad_text(query)
