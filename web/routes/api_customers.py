"""The API's customers: found by phone, or written down; everything about their loyalty hangs on the id."""

from typing import Any, Final

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency

from core.customers.actions import find_or_create
from core.uow import UnitOfWork
from web.api_bodies import read_body
from web.once import once
from web.request import WebRequest
from web.security import by_key

BODY_LIMIT: Final = 16 * 1024


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer by phone and name."""

    phone: str
    full_name: str


@post("/api/v1/customers", guards=[by_key("customers.write")], request_max_body_size=BODY_LIMIT)
@once
async def find_or_add(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """One phone is one customer, however often it is sent."""
    sent = await read_body(request, NewPerson)
    customer_id, is_new = await find_or_create(uow, phone=sent.phone, full_name=sent.full_name, source="import")
    return Response({"id": customer_id, "is_new": is_new}, status_code=201 if is_new else 200)


routes = [find_or_add]
