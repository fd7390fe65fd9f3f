"""Legal holds and erasure: what is held stays until the hold is lifted, the receipt says so, and then it goes."""

from uuid import UUID

from sqlalchemy import func, select

from core.complaints.models import Complaint
from core.db import table_of
from core.privacy.erasing import erase_rest
from core.privacy.models import PrivacyTombstone
from core.uow import UnitOfWork

_C, _T = table_of(Complaint), table_of(PrivacyTombstone)


async def erase_after_hold(uow: UnitOfWork, *, complaint_id: UUID) -> bool:
    """Erase the rest of a person who was erased while the hold on this case was on; nothing for anybody else."""
    customer_id = await uow.session.scalar(
        select(_C.c.customer_id).where(_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    )
    if customer_id is None:
        return False
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.customer_id == customer_id)
    if not await uow.session.scalar(select(func.count()).select_from(_T).where(*mine)):
        return False
    await erase_rest(uow, customer_id=customer_id)
    return True
