"""A customer's papers: the section with consents and files, and adding, removing and bringing back a file."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.consents.queries import list_consents
from core.customers.queries import CustomerRecord, get_customer
from core.errors import FieldProblem, InvalidInput, NotFound
from core.files.actions import remove_file, restore_file, store_file
from core.files.queries import get_file, list_files
from core.forms.queries import list_forms
from core.uow import Reader, UnitOfWork
from web.customer_page import show_page
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, tenant_path
from web.security import requires
from web.views.papers import file_tiles

PATH: Final = "/t/{slug:str}/customers/{customer_id:uuid}/files"
WRITE: Final = [requires("customers.write")]
OWNER: Final = "customer"
UPLOAD_LIMIT: Final = 64 * 1024 * 1024
BODY_LIMIT: Final = 4096


class ConsentLine(msgspec.Struct, frozen=True):
    """One consent on the customer's page."""

    submission_id: UUID
    title: str
    subject: str
    signer: str
    signed_at: Any
    counts: bool


class Papers(msgspec.Struct, frozen=True):
    """What the section shows."""

    consents: list[ConsentLine]
    files: list[Any]
    """Facts when loaded, tiles with signed addresses when shown."""
    forms: list[tuple[str, str]]
    subjects: list[tuple[str, str]]
    here: str
    hand_over: str
    may_write: bool
    may_share: bool


async def _load_papers(reader: Reader, record: CustomerRecord) -> Papers:
    offered = await list_forms(reader)
    titles = {form.id: localized(form.title) for form in offered}
    names = {subject.subject_id: subject.name for subject in record.subjects}
    consents = await list_consents(reader, customer_id=record.customer_id)
    here = f"/t/{reader.scope.slug}/customers/{record.customer_id}"
    return Papers(
        consents=[
            ConsentLine(
                one.submission_id,
                titles[one.form_id],
                names.get(one.present_subject_id, "") if one.present_subject_id else "",
                one.signer,
                one.signed_at,
                one.counts,
            )
            for one in consents
            # The papers of a plugin that is off are kept and not shown.
            if one.form_id in titles
        ],
        files=await list_files(reader, owner_kind=OWNER, owner_id=record.customer_id),
        forms=[(form.id, titles[form.id]) for form in offered],
        subjects=[(str(one.subject_id), one.name) for one in record.subjects if one.deceased_on is None],
        here=f"{here}/files",
        hand_over=f"{here}/intake-link",
        may_write=reader.actor.may("customers.write"),
        may_share=reader.actor.may("forms.share"),
    )


def _present_papers(request: WebRequest, data: Papers) -> Papers:
    return msgspec.structs.replace(data, files=file_tiles(request, data.files))


add_customer_section(
    CustomerSection(
        id="papers",
        template="pages/customers/_papers.html",
        load=_load_papers,
        permission="forms.read",
        rank=25,
        present=_present_papers,
    )
)


@post(PATH, guards=WRITE, request_max_body_size=UPLOAD_LIMIT)
async def do_add_file(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    try:
        upload = _chosen((await request.open_form()).get("file"))
        content = await upload.read()
        await store_file(
            uow,
            content=content,
            filename=upload.filename,
            purpose="customer",
            owner_kind=OWNER,
            owner_id=customer_id,
        )
    except InvalidInput as error:
        page = await show_page(request, uow, customer_id, status=422, errors=field_texts(error.problems))
        raise Refused(page) from None
    return go_to(request, _section(request, customer_id), toast=Toast(text=gettext("The file was added")))


def _chosen(value: object) -> UploadFile:
    if not isinstance(value, UploadFile) or not value.filename:
        raise InvalidInput((FieldProblem("file", "required"),))
    return value


def _section(request: WebRequest, customer_id: UUID) -> str:
    return tenant_path(request, f"/customers/{customer_id}#papers")


async def _own_file(uow: UnitOfWork, customer_id: UUID, file_id: UUID) -> str:
    file = await get_file(uow, file_id)
    if (file.owner_kind, file.owner_id) != (OWNER, customer_id):
        raise NotFound("no such file")
    return file.filename


@post(PATH + "/{file_id:uuid}/remove", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_remove_file(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], file_id: FromPath[UUID]
) -> Response[Any]:
    name = await _own_file(uow, customer_id, file_id)
    await remove_file(uow, file_id=file_id, owner_kind=OWNER, owner_id=customer_id)
    toast = Toast(
        text=gettext("%(name)s was removed") % {"name": name},
        undo_action=tenant_path(request, f"/customers/{customer_id}/files/{file_id}/restore"),
    )
    return go_to(request, _section(request, customer_id), toast=toast)


@post(PATH + "/{file_id:uuid}/restore", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_restore_file(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], file_id: FromPath[UUID]
) -> Response[Any]:
    await restore_file(uow, file_id=file_id, owner_kind=OWNER, owner_id=customer_id)
    return go_to(request, _section(request, customer_id), toast=Toast(text=gettext("The file is back")))


routes = [do_add_file, do_remove_file, do_restore_file]
