"""Live pages: server-sent events whose parts are rendered once per tenant, language and rights, and shared by all viewers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import topic_channel
from core.db import new_id
from core.scope import Actor
from core.uow import Reader
from tenants.roles import permissions_of
from tenants.sessions import find_live_roles
from web.htmx import sse_message, sse_ping
from web.page import Page, current_page, showing
from web.request import WebRequest
from web.runtime import Runtime

logger = logging.getLogger(__name__)

PING_SECONDS: Final = 15.0
COALESCE_SECONDS: Final = 0.05
"""A burst of changes (an import, an escalation pass) becomes one message."""
_QUEUE: Final = 16
_ROOMS: Final = "anxin_live_rooms"
_END: Final = b""
_SEEN: Final = "seen"


class Live(msgspec.Struct, frozen=True):
    """What a render function gets; the actor has the viewers' rights but no name, since viewers share the answer."""

    reader: Reader
    runtime: Runtime
    about: UUID | None = None
    """What the page shows, when it shows one thing."""

    def html(self, template: str, **data: object) -> str:
        """Render a template, in the viewers' language."""
        return self.runtime.templates.get_template(template).render(data)


Render = Callable[[Live, Sequence[dict[str, Any]] | None], Awaitable[str]]
"""Turns published messages into `ui.partial`s; None asks for the whole live part, since something may have been missed."""


class _Viewer:
    """One open page."""

    def __init__(self, *, token_hash: str, page: Page) -> None:
        self.token_hash = token_hash
        self.page = page
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)

    def put(self, message: bytes) -> None:
        """Queue a message; a page that does not read is closed, and asks for everything when it comes back."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(_END)


class _Room:
    """All viewers of the same live part of one tenant."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        tenant_id: UUID,
        permission: str | None,
        public: bool,
        render: Render,
        about: UUID | None,
    ) -> None:
        self.runtime = runtime
        self.tenant_id = tenant_id
        self.permission = permission
        self.public = public
        self.render = render
        self.about = about
        self.viewers: set[_Viewer] = set()
        self._pending: list[dict[str, Any]] = []
        self._missed = False
        self._busy = False

    def hear(self, data: dict[str, Any] | None) -> None:
        """Take a message and answer it soon."""
        if data is None:
            self._missed = True
        else:
            self._pending.append(data)
        if not self._busy:
            self._busy = True
            self.runtime.live.run_chore(self._answer())

    async def _answer(self) -> None:
        try:
            while (self._pending or self._missed) and self.viewers:
                await asyncio.sleep(COALESCE_SECONDS)
                changes, self._pending = self._pending, []
                missed, self._missed = self._missed, False
                await self.push(None if missed else changes, tuple(self.viewers))
        except Exception:
            logger.exception("a live page of tenant %s could not be rendered", self.tenant_id)
            for viewer in tuple(self.viewers):
                viewer.put(_END)
        finally:
            self._busy = False

    async def push(self, changes: Sequence[dict[str, Any]] | None, viewers: Sequence[_Viewer]) -> None:
        """Render in one transaction, once per language and rights; who lost session or rights is sent away."""
        workplace = self.runtime.workplace
        async with workplace.database.session(self.tenant_id, read_only=True) as session:
            groups = await self._groups(session, viewers)
            for (locale, roles), members in groups.items():
                actor = Actor(
                    kind="customer" if self.public else "staff", name="", roles=roles, permissions=permissions_of(roles)
                )
                scope, plugins = await workplace.enter(session, actor, locale)
                reader = Reader(session, scope, self.runtime.clock(), plugins)
                page = msgspec.structs.replace(members[0].page, now=reader.now, csrf_token="", partial=True)
                with showing(page):
                    html = await self.render(Live(reader, self.runtime, self.about), changes)
                if html.strip():
                    message = sse_message(html, event_id=new_id().hex)
                    for viewer in members:
                        viewer.put(message)

    async def _groups(
        self, session: AsyncSession, viewers: Sequence[_Viewer]
    ) -> dict[tuple[str, frozenset[str]], list[_Viewer]]:
        groups: dict[tuple[str, frozenset[str]], list[_Viewer]] = {}
        if self.public:
            for viewer in viewers:
                groups.setdefault((viewer.page.locale, frozenset()), []).append(viewer)
            return groups
        hashes = [viewer.token_hash for viewer in viewers]
        roles_of = await find_live_roles(session, token_hashes=hashes, now=self.runtime.clock())
        for viewer in viewers:
            roles = roles_of.get(viewer.token_hash)
            if roles is None or (self.permission is not None and self.permission not in permissions_of(roles)):
                viewer.put(_END)
            else:
                groups.setdefault((viewer.page.locale, roles), []).append(viewer)
        return groups


async def live_source(request: WebRequest, path: str, topics: Sequence[str]) -> str:
    """Return the address for `ui.live_stream`; call it before the page's first query.

    It carries how much had been said by then: what is said between the page and its stream is sent when that begins.
    """
    mark = await request.runtime.workplace.bus.mark(request.visit.scope.tenant_id, topics)
    return f"{path}?{_SEEN}={mark}"


def stream(
    request: WebRequest,
    topics: Sequence[str],
    render: Render,
    *,
    permission: str | None = None,
    about: UUID | None = None,
) -> Stream:
    """Answer with a stream that follows the topics of this visit's tenant.

    Args:
        request: of a GET route with a guard.
        topics: what `uow.publish` was given.
        render: a function of a module, not a closure: pages share a room by it.
        permission: looked at again at each push; give what the route's guard requires.
        about: what the page shows, when it shows one thing; the render function finds it in its `Live`.
    """
    runtime, visit = request.runtime, request.visit
    viewer = _Viewer(token_hash=visit.signed_in.token_hash if visit.signed_in else "", page=current_page())
    public = visit.door == "code"
    if not public and visit.signed_in is None:
        raise LookupError("a live page needs somebody who is signed in, or a public code")
    rooms: dict[object, _Room] = request.app.state.setdefault(_ROOMS, {})
    key = (visit.scope.tenant_id, tuple(topics), render, permission, public, about)
    room = rooms.get(key)
    if room is None:
        room = rooms[key] = _Room(
            runtime,
            tenant_id=visit.scope.tenant_id,
            permission=permission,
            public=public,
            render=render,
            about=about,
        )
    seen = "" if "last-event-id" in request.headers else request.query_params.get(_SEEN, "")
    return Stream(
        _events(rooms, key, room, viewer, topics, seen),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(
    rooms: dict[object, _Room], key: object, room: _Room, viewer: _Viewer, topics: Sequence[str], seen: str
) -> AsyncIterator[bytes]:
    hub = room.runtime.live
    channels = [topic_channel(room.tenant_id, topic) for topic in topics]
    room.viewers.add(viewer)
    forget = hub.on_end(lambda: viewer.put(_END))
    try:
        yield b"retry: 2000\n\n"
        for channel in channels:
            await hub.join(channel, room.hear)
        # A page that was away, or that was made before something was said, gets everything once.
        if not seen or seen != await room.runtime.workplace.bus.mark(room.tenant_id, topics):
            await room.push(None, (viewer,))
        while True:
            try:
                message = await asyncio.wait_for(viewer.queue.get(), PING_SECONDS)
            except TimeoutError:
                message = sse_ping()
            if message == _END:
                return
            yield message
    finally:
        # Nothing here waits: Litestar cancels whatever a torn-down stream still awaits.
        forget()
        room.viewers.discard(viewer)
        if not room.viewers:
            rooms.pop(key, None)
            for channel in channels:
                hub.leave(channel, room.hear)
