"""`@once` below `@post`: with an `Idempotency-Key` an operation of the API is done once, and answered the same for a day.

Filing, forms and the ledger keep their keys where the deed is, for good, and do not use this.
"""

import functools
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response
from litestar.serialization import default_serializer

from core.errors import FieldProblem, InvalidInput
from core.uow import UnitOfWork
from tenants.kept_answers import Asked, Kept, find_kept, keep_answer
from web.request import WebRequest

HEADER: Final = "idempotency-key"
_SHAPE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)
_JSON: Final = "application/json"

Handler = Callable[..., Awaitable[Response[Any]]]


def once(function: Handler) -> Handler:
    """Make a handler with `request` and `uow` answer a repeated key with what it answered before.

    The answer is kept in the transaction of the deed. A refusal undoes both, so it is not kept: the corrected request
    may come with the same key.
    """

    @functools.wraps(function)
    async def answered(*args: Any, **given: Any) -> Response[Any]:
        request, uow = given["request"], given["uow"]
        asked = await _read(request, uow)
        if asked is None:
            return await function(*args, **given)
        known = await find_kept(uow, asked)
        if known is not None:
            return _again(known)
        response = await function(*args, **given)
        await keep_answer(uow, asked, _plain(response))
        return response

    answered.keeps_answers = True  # type: ignore[attr-defined] # read by the test that walks all operations
    return answered


async def _read(request: WebRequest, uow: UnitOfWork) -> Asked | None:
    sent = request.headers.get(HEADER)
    if sent is None or uow.actor.id is None:
        return None
    if not _SHAPE.fullmatch(sent):
        raise InvalidInput((FieldProblem("Idempotency-Key", "bad-once-key"),))
    what = (request.scope["path"].encode(), request.scope["query_string"], await request.body())
    return Asked(
        key_id=uow.actor.id,
        once_key=sent,
        route=f"{request.method} {request.scope['path_template']}",
        body_hash=hashlib.sha256(b"\0".join(hashlib.sha256(one).digest() for one in what)).hexdigest(),
    )


def _plain(response: Response[Any]) -> Kept:
    kind = str(response.media_type or _JSON)
    body = response.render(response.content, kind, default_serializer)
    return Kept(response.status_code or 200, {**response.headers, "content-type": kind}, bytes(body))


def _again(kept: Kept) -> Response[Any]:
    headers = {name: value for name, value in kept.headers.items() if name != "content-type"}
    return Response(
        kept.body,
        status_code=kept.status,
        media_type=kept.headers["content-type"],
        headers={**headers, "idempotency-replayed": "true"},
    )
