"""What handlers are given: a unit of work or a reader on the transaction that the route's guard opened."""

from collections.abc import AsyncIterator
from functools import partial

from litestar.di import Provide

from core.segments.matching import match_customer
from core.uow import Reader, UnitOfWork, unit_of_work
from web.request import WebRequest


async def provide_uow(request: WebRequest) -> AsyncIterator[UnitOfWork]:
    """Return commits, raise rolls back; a failing COMMIT reaches the exception handlers, since no answer was sent yet."""
    visit = request.visit
    if visit.read_only:
        raise RuntimeError("a GET only reads: ask for `reader`")
    try:
        opened = unit_of_work(
            visit.session,
            scope=visit.scope,
            plugins=visit.plugins,
            now=visit.now,
            bus=request.runtime.workplace.bus,
            matcher=match_customer,
        )
        async with opened as uow:
            uow.plugin_reader = partial(request.runtime.workplace.reader_session, uow.tenant_id)
            yield uow
    finally:
        await visit.close()


async def provide_reader(request: WebRequest) -> AsyncIterator[Reader]:
    """Read in the transaction that ends, undone, before the answer is sent."""
    visit = request.visit
    try:
        reader = Reader(visit.session, visit.scope, visit.now, visit.plugins, matcher=match_customer)
        reader.plugin_reader = partial(request.runtime.workplace.reader_session, reader.tenant_id)
        yield reader
    finally:
        await visit.close()


DEPENDENCIES = {"uow": Provide(provide_uow), "reader": Provide(provide_reader)}
