"""Bodies of the API: JSON read strictly, the key that makes sending it twice harmless, moments with or without a zone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response
from litestar.exceptions import ClientException, SerializationException

from core.customers.queries import CustomerMerged, CustomerRecord, get_customer
from core.errors import FieldProblem, InvalidInput
from core.uow import Reader
from web.request import WebRequest, problem_of

M = TypeVar("M", bound=msgspec.Struct)
MAX_KEY: Final = 60
CLOCKS_DIFFER: Final = timedelta(minutes=5)
_ONCE: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{MAX_KEY}}}", re.ASCII)
_WHOLE: Final = {"points": "points-not-whole", "fen": "fen-not-whole", "bill_fen": "fen-not-whole"}
"""A number that comes as a text, a fraction or nothing is refused in the words of the ledger."""
_MOST: Final = 2**53
"""Above it JSON's numbers are not exact in most languages, and no bill and no account comes near."""


async def read_body(request: WebRequest, model: type[M]) -> M:
    """Return the JSON body as a struct.

    Raises:
        ClientException: another type of content (415), or no JSON (400).
        InvalidInput: the first field that does not fit, by its path.
    """
    if "json" not in request.content_type[0]:
        raise ClientException(status_code=415)
    try:
        sent = await request.json()
        _refuse_hugeness(sent)
        return msgspec.convert(sent, model)
    except (SerializationException, RecursionError, UnicodeDecodeError) as error:
        raise ClientException(status_code=400) from error
    except msgspec.ValidationError as error:
        raise InvalidInput((_in_our_words(problem_of(str(error))),)) from None


def _refuse_hugeness(value: object, path: str = "") -> None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MOST:
        raise InvalidInput((FieldProblem(path, "max", {"max": _MOST}),))
    if isinstance(value, dict):
        for name, one in value.items():
            _refuse_hugeness(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _refuse_hugeness(one, f"{path}[{number}]")


def _in_our_words(problem: FieldProblem) -> FieldProblem:
    name = problem.path.rpartition(".")[2]
    if problem.code in {"wrong-form", "required"} and name in _WHOLE:
        return FieldProblem(problem.path, _WHOLE[name], problem.params)
    return problem


def once_key(request: WebRequest, reader: Reader, in_body: str = "") -> str:
    """Return the ledger's key for this request: from the `Idempotency-Key` header, or from `key` in the body.

    The programme's own name is part of it, so that keys of two programmes, and those of the desk, never meet.
    """
    header = request.headers.get("idempotency-key", "")
    if header and in_body and header != in_body:
        raise InvalidInput((FieldProblem("key", "key-differs"),))
    sent = header or in_body
    if not _ONCE.fullmatch(sent):
        raise InvalidInput((FieldProblem("key", "bad-once-key" if sent else "required"),))
    return own_key(reader, sent)


def own_key(reader: Reader, sent: str) -> str:
    """The key as the ledger keeps it."""
    return f"api:{reader.actor.id.hex if reader.actor.id else ''}:{sent}"


def plain_key(reader: Reader, kept: str) -> str:
    """The key as this programme sent it, anywhere in a key of the ledger; a key of somebody else stays as it is."""
    return kept.replace(own_key(reader, ""), "")


def read_moment(reader: Reader, text: str, path: str) -> datetime | None:
    """Return the instant of an ISO date or datetime; one without an offset is the chain's local time, nothing is None."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "bad-time"),)) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(reader.scope.timezone))
    try:
        moment = found.astimezone(UTC)
    except OverflowError:
        raise InvalidInput((FieldProblem(path, "bad-time"),)) from None
    if moment > reader.now + CLOCKS_DIFFER:
        raise InvalidInput((FieldProblem(path, "in-the-future"),))
    return moment


async def get_present(reader: Reader, customer_id: UUID) -> CustomerRecord:
    """Return the customer, or the one they were merged into; raise NotFound for ids of nobody and of other chains."""
    try:
        return await get_customer(reader, customer_id)
    except CustomerMerged as gone:
        return await get_customer(reader, UUID(str(gone.params["customer_id"])))


def plain(value: Any) -> Any:
    """Facts as JSON, without names that are ours alone."""
    return msgspec.to_builtins(value)


_PATHS: Final = {"amount": "fen"}
_CODES: Final = {
    ("fen", "not-positive"): "fen-not-positive",
    ("fen", "too-large"): "fen-too-large",
    ("lines", "sum-differs"): "lines-differ",
}


@contextmanager
def in_api_words() -> Iterator[None]:
    """Name refused values as the body calls them, in the words of the ledger."""
    try:
        yield
    except InvalidInput as refused:
        told = []
        for one in refused.problems:
            path = _PATHS.get(one.path, one.path)
            told.append(FieldProblem(path, _CODES.get((path, one.code), one.code), one.params))
        raise InvalidInput(tuple(told)) from None


def answer(body: dict[str, Any], *, replayed: bool) -> Response[Any]:
    """201 for what was done now, 200 and a header for what the same key had done before."""
    headers = {"idempotency-replayed": "true"} if replayed else {}
    return Response(body, status_code=200 if replayed else 201, headers=headers)
