"""The form in which a review is shown: on the customer's phone, or filled in at the desk."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from core.errors import FieldProblem, InvalidInput
from core.files.actions import Prepared, prepare_aside
from core.files.rules import IMAGES, FileRefused
from core.reviews.actions import ClaimDraft, file_claim
from core.uow import UnitOfWork
from web.request import WebRequest, convert

UPLOAD_LIMIT = 64 * 1024 * 1024
MAX_BYTES = 10_000_000


class ReviewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A review as it comes in, without its picture."""

    platform: str = ""
    link: str = ""
    choice: str = ""
    visit_id: str = ""
    about_staff_id: str = ""


async def read_review(request: WebRequest) -> tuple[ReviewForm, UploadFile | None]:
    """Return the form and the picture that came with it; of several pictures the first."""
    fields = dict(await request.open_form())
    pictures = fields.pop("picture", None)
    first = pictures[0] if isinstance(pictures, list) and pictures else pictures
    return convert(fields, ReviewForm), first if isinstance(first, UploadFile) and first.filename else None


async def keep_review(
    uow: UnitOfWork, *, customer_id: UUID, form: ReviewForm, upload: UploadFile | None, visit_id: UUID | None = None
) -> UUID:
    """File the claim; raise InvalidInput with every problem, those of the picture among them."""
    problems: tuple[FieldProblem, ...] = ()
    picture: Prepared | None = None
    if upload is not None:
        try:
            picture = await prepare_aside(
                await upload.read(), filename=upload.filename, accept=IMAGES, max_bytes=MAX_BYTES
            )
        except FileRefused as refused:
            problems = (FieldProblem("picture", refused.code, dict(refused.params)),)
    draft = ClaimDraft(
        platform=form.platform,
        text=form.link,
        visit_id=visit_id or _identity(form.visit_id),
        about_staff_id=_identity(form.about_staff_id),
        choice=int(form.choice) if form.choice.isascii() and form.choice.isdecimal() and len(form.choice) < 4 else None,
    )
    try:
        claim_id = await file_claim(uow, customer_id=customer_id, draft=draft, picture=picture)
    except InvalidInput as error:
        others = tuple(one for one in error.problems if not (problems and one.path == "picture"))
        raise InvalidInput((*problems, *others)) from error
    if problems:
        raise InvalidInput(problems)
    return claim_id


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def as_values(form: ReviewForm) -> dict[str, Any]:
    """What was typed, for the form that is shown again."""
    return msgspec.structs.asdict(form)
