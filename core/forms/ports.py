"""What forms need from the areas above them: somebody who seals a consent in the same transaction."""

from typing import Any, Protocol
from uuid import UUID

from core.hooks.records.forms import Form
from core.uow import UnitOfWork


class Seal(Protocol):
    """Called once a form's rows are written; it may refuse, and then nothing of the form stays."""

    async def __call__(
        self,
        uow: UnitOfWork,
        *,
        form: Form,
        data: dict[str, Any],
        submission_id: UUID,
        customer_id: UUID | None,
        subject_id: UUID | None,
    ) -> None:
        """Seal what was filled in."""
