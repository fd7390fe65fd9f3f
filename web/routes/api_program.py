"""The API's rules: the program in force as it is stored, and playing events against a program without storing anything."""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, SerializationException

from core.errors import FieldProblem, InvalidInput, NotFound
from core.loyalty.replay.run import BadCase, play
from core.programs.queries import get_program, get_version_id, get_version_number
from core.uow import Reader, UnitOfWork
from web.once import once
from web.rate_limit import limit_rate
from web.request import WebRequest
from web.security import by_key

_ROOT: Final = "/api/v1/loyalty"
READ: Final = [by_key("loyalty.read")]
BODY_LIMIT: Final = 256 * 1024
MOST_EVENTS: Final = 2_000
CASES_A_MINUTE: Final = 120
"""Of one key: a case takes CPU, not the database."""


@get(f"{_ROOT}/program", guards=READ)
async def show_program(reader: NamedDependency[Reader]) -> Response[Any]:
    """The stored form is what `replay` below and `anxin loyalty replay` take."""
    program = await get_program(reader)
    if program is None:
        raise NotFound("no plugin brings a program")
    return Response(
        {
            "version": await get_version_id(reader),
            "number": await get_version_number(reader),
            "program": msgspec.to_builtins(program),
        }
    )


@post(f"{_ROOT}/replay", guards=READ, request_max_body_size=BODY_LIMIT)
@once
async def replay(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Play one case; without `program` the one in force, without `tz` the chain's zone. Refusals stand at their events."""
    if "json" not in request.content_type[0]:
        raise ClientException(status_code=415)
    try:
        case = await request.json()
    except (SerializationException, RecursionError, UnicodeDecodeError) as error:
        raise ClientException(status_code=400) from error
    if not isinstance(case, dict):
        raise InvalidInput((FieldProblem("", "wrong-form"),))
    key = uow.actor.id
    await limit_rate(request, uow.tenant_id, "replay", key.hex if key else "", most=CASES_A_MINUTE)
    events = case.get("events")
    if isinstance(events, list) and len(events) > MOST_EVENTS:
        raise InvalidInput((FieldProblem("events", "rows_max", {"max": MOST_EVENTS}),))
    if "program" not in case:
        program = await get_program(uow)
        if program is None:
            raise InvalidInput((FieldProblem("program", "required"),))
        case["program"] = msgspec.to_builtins(program)
    case.setdefault("tz", uow.scope.timezone)
    try:
        answer = await asyncio.get_running_loop().run_in_executor(None, play, case)
    except BadCase as error:
        raise InvalidInput((FieldProblem(error.path, "bad-case", {"text": error.message}),)) from None
    except RecursionError:
        raise InvalidInput((FieldProblem("", "too-deep", {"max": 100}),)) from None
    return Response(msgspec.json.encode(answer), status_code=200, media_type="application/json")


routes = [show_program, replay]
