"""The door for programmes: the tenant's key in the header opens a visit that may do what the key was made for."""

from contextlib import AsyncExitStack
from typing import Final

from core.errors import Forbidden, Unauthenticated
from core.scope import Actor
from tenants.api_keys import KeyFacts, find_key, head_of
from web.i18n import negotiate
from web.rate_limit import limit_rate
from web.request import WebRequest
from web.visit import Visit

CALLS_A_MINUTE: Final = 600
_SCHEME: Final = "bearer "


class KeyRefused(Unauthenticated):
    """The request shows no key, or one that opens nothing: unknown, revoked or over. Which of them is not told."""

    code = "api-key-refused"


async def open_by_key(request: WebRequest, scope: str | None, *, read_only: bool) -> Visit:
    """Open the visit of the key's tenant; raise KeyRefused, Forbidden (the scope is missing) or TooManyRequests."""
    header = request.headers.get("authorization", "")
    token = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else ""
    head = head_of(token)
    workplace = request.runtime.workplace
    tenant_id = None if head is None else await workplace.find_tenant_id("code", head)
    if tenant_id is None:
        raise KeyRefused
    if not read_only:
        # Read before the transaction opens: a slow sender must not hold a connection. Without a key's shape it is not read.
        await request.body()
    stack = AsyncExitStack()
    try:
        session = await stack.enter_async_context(workplace.database.session(tenant_id, read_only=read_only))
        now = request.runtime.clock()
        key = _let_in(await find_key(session, token=token, now=now), scope)
        await limit_rate(request, tenant_id, "api", key.key_id.hex, most=CALLS_A_MINUTE)
        actor = Actor(kind="program", name=f"API · {key.name}", id=key.key_id, permissions=frozenset(key.scopes))
        language = request.headers.get("accept-language", "")
        locale = negotiate(accept_language=language) if language else None
        tenant_scope, plugins = await workplace.enter(session, actor, locale)
    except BaseException:
        await stack.aclose()
        raise
    return Visit(
        door="key",
        session=session,
        scope=tenant_scope,
        plugins=plugins,
        now=now,
        read_only=read_only,
        stack=stack,
        key=key,
    )


def _let_in(key: KeyFacts | None, scope: str | None) -> KeyFacts:
    if key is None:
        raise KeyRefused
    if scope not in key.scopes:
        raise Forbidden(permission=scope)
    return key
