"""Whose invitation a new customer came through, as the desk types it into the form of the registration."""

from typing import Final
from uuid import UUID

from core.errors import FieldProblem, InvalidInput
from core.referrals.invitations import AlreadyInvited, NoReferralRule, enter_code
from core.uow import UnitOfWork
from tenants.staff_list import WorkingStaff

STAFF: Final = WorkingStaff()


async def note_inviter(uow: UnitOfWork, customer_id: UUID, text: str) -> None:
    """Write it down when something was typed; raise InvalidInput at `invited_by` when it leads to nothing."""
    if not text.strip():
        return
    try:
        await enter_code(uow, customer_id=customer_id, text=text, staff=STAFF)
    except InvalidInput as error:
        code = error.problems[0].code
        raise InvalidInput((FieldProblem("invited_by", code),)) from error
    except (NoReferralRule, AlreadyInvited) as refused:
        raise InvalidInput((FieldProblem("invited_by", refused.code),)) from refused
