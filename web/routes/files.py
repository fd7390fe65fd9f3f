"""Stored files, served by signed addresses only: to staff who may see their owner, and to the writer of a form."""

from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.uow import Reader
from web.file_links import answer_file
from web.request import WebRequest
from web.security import BY_CODE, requires


@get("/t/{slug:str}/files/{file_id:uuid}", guards=[requires()])
async def show_file(
    request: WebRequest,
    reader: NamedDependency[Reader],
    file_id: FromPath[UUID],
    sig: FromQuery[str] = "",
    size: FromQuery[str] = "",
) -> Response[bytes]:
    return await answer_file(request, reader, file_id, door="staff", signature=sig, small=size == "small")


@get("/q/{code:str}/files/{file_id:uuid}", guards=[BY_CODE])
async def show_held_file(
    request: WebRequest,
    reader: NamedDependency[Reader],
    code: FromPath[str],
    file_id: FromPath[UUID],
    sig: FromQuery[str] = "",
    size: FromQuery[str] = "",
) -> Response[bytes]:
    return await answer_file(request, reader, file_id, door=f"code:{code}", signature=sig, small=size == "small")


routes = [show_file, show_held_file]
