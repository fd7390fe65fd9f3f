"""Files that come with a form of the engine: looked at, held until the form is whole, and told about by field."""

import re
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from core.consents.rules import Witness
from core.errors import FieldProblem, InvalidInput
from core.files.actions import prepare_aside
from core.files.rules import FileRefused
from core.forms.attaching import find_held, hold_file, is_crowded, record_of
from core.forms.queries import OpenedForm
from core.forms.rules import Posted, evaluate
from core.forms.rules.attachments import file_answers
from core.forms.rules.definition import walk_fields
from core.hooks.records.forms import FileField, Form
from core.uow import Reader, UnitOfWork
from web.file_links import held_address
from web.request import WebRequest

UPLOAD_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one post with photos: a photo of 60 MB still gets through to be refused by its field, with all that was typed."""
_ROW: Final = re.compile(r"\[\d+\]")


class Received(msgspec.Struct, frozen=True):
    """A post whose files became tokens."""

    pairs: list[tuple[str, str]]
    records: dict[str, dict[str, Any]]
    """Each token's file, as `decode_post` takes it."""
    problems: tuple[FieldProblem, ...]


async def receive_files(request: WebRequest, uow: UnitOfWork, form: Form, *, link_id: UUID | None) -> Received:
    """Hold each upload for this link, and find the files that an earlier post brought."""
    fields = {path: field for path, field in walk_fields(form.fields) if isinstance(field, FileField)}
    desk = _Desk(uow, link_id)
    for name, value in (await request.open_form()).items():
        field = fields.get(_ROW.sub("", name))
        values = value if isinstance(value, list) else [value]
        if field is None:
            desk.pairs += [(name, one) for one in values if isinstance(one, str)]
        else:
            await desk.take(name, field, [one for one in values if one != ""])
    return Received(desk.pairs, desk.records, tuple(desk.problems))


def judge_received(opened: OpenedForm, posted: Posted, received: Received) -> None:
    """Refuse a post with a file that is not taken, and say all else that is wrong with it at the same time.

    Raises:
        InvalidInput: at the field of the file, and at every other field as the engine judges it.
    """
    if not received.problems:
        return
    places = {problem.path for problem in received.problems}
    judged = evaluate(opened.form, posted.answers, opened.today).errors
    raise InvalidInput((*received.problems, *(one for one in judged if one.path not in places)))


async def held_addresses(
    request: WebRequest, reader: Reader, opened: OpenedForm, answers: dict[str, Any]
) -> dict[str, str]:
    """Return by token where the writer sees the pictures that wait."""
    tokens = [one.token for one in file_answers(opened.form, answers)]
    held = await find_held(reader, tokens, link_id=opened.link.link_id)
    code = opened.link.code
    return {token: held_address(request, code, file.file_id) for token, file in held.items() if file.is_image}


def witness_of(request: WebRequest) -> Witness:
    """Where this request comes from, as the server sees it."""
    address = request.client.host if request.client else ""
    return Witness(ip=address, user_agent=request.headers.get("user-agent", ""))


class _Desk:
    def __init__(self, uow: UnitOfWork, link_id: UUID | None) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.problems: list[FieldProblem] = []
        self._uow = uow
        self._link_id = link_id

    async def take(self, name: str, field: FileField, values: list[Any]) -> None:
        """One field: tokens of an earlier post first, then what was chosen now, as many as it takes."""
        tokens = list(dict.fromkeys(one for one in values if isinstance(one, str)))
        held = await find_held(self._uow, tokens, link_id=self._link_id)
        for token in tokens:
            if token in held:
                self._keep(name, token, record_of(held[token], token))
        if len(held) < len(tokens):
            self._say(name, "file_gone")
        count = len(held)
        for upload in values:
            if not isinstance(upload, UploadFile) or (not upload.filename and not _size(upload)):
                continue
            if count == field.max_rows:
                self._say(name, "rows_max", max=field.max_rows)
                return
            count += await self._hold(name, field, upload)

    async def _hold(self, name: str, field: FileField, upload: UploadFile) -> bool:
        try:
            if _size(upload) > field.max_bytes:
                raise FileRefused("too_large", max=field.max_bytes, mb=field.max_bytes // 1_000_000)  # noqa: TRY301 - said as the look at the content would say it
            if await is_crowded(self._uow, link_id=self._link_id):
                raise FileRefused("file_later")  # noqa: TRY301 - as above
            content = await upload.read()
            ready = await prepare_aside(
                content, filename=upload.filename, accept=field.accept, max_bytes=field.max_bytes
            )
        except FileRefused as refused:
            self._say(name, refused.code, **refused.params)
            return False
        held = await hold_file(self._uow, ready, field, link_id=self._link_id)
        self._keep(name, held.token, record_of(held.file, held.token))
        return True

    def _keep(self, name: str, token: str, record: dict[str, Any]) -> None:
        self.pairs.append((name, token))
        self.records[token] = record

    def _say(self, name: str, code: str, **params: str | float) -> None:
        code = "photo_too_large" if code == "too_large" else code
        self.problems.append(FieldProblem(name, code, params))


def _size(upload: UploadFile) -> int:
    """Bytes, without reading them into memory."""
    place = upload.file.tell()
    size = upload.file.seek(0, 2)
    upload.file.seek(place)
    return size
