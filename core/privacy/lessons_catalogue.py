"""What remedies, closing and the case library keep about a person: the lines of the register that name their tables."""

from typing import Final

from sqlalchemy import delete, func, update

from core.db import table_of
from core.lessons.models import CorrectiveAction, LibraryEntry, RootCause, Silence
from core.privacy.holdings import Holding, Person, array_of
from core.privacy.rules import CLAIMS
from core.remedies.models import Remedy
from core.uow import UnitOfWork

_L = table_of(LibraryEntry)
_CASE = {"complaint_id": "complaint"}


async def let_entries_go(uow: UnitOfWork, person: Person) -> int:
    """Drop what nobody has reviewed yet, and cut what is published loose from the case: it names nobody."""
    ids = array_of(person.ids, "complaint")
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.complaint_id == func.any(ids))
    gone = await uow.session.execute(delete(_L).where(*mine, _L.c.state != "published").returning(_L.c.entry_id))
    loose = update(_L).where(*mine).values(complaint_id=None).returning(_L.c.entry_id)
    return len(gone.all()) + len((await uow.session.execute(loose)).all())


LESSONS: Final[tuple[Holding, ...]] = (
    Holding(
        area="complaints",
        row=Remedy,
        by=_CASE,
        export=("kind", "label", "cost_fen", "state", "answered_at", "given_at"),
        erase="blank",
        blank={"note": "", "words": ""},
        law=CLAIMS,
        since="asked_at",
    ),
    Holding(
        area="complaints",
        row=Silence,
        by=_CASE,
        export=("why", "asked_at", "state"),
        erase="blank",
        blank={"reason": "", "contacts": []},
        law=CLAIMS,
        since="asked_at",
    ),
    Holding(
        area="complaints", row=RootCause, by=_CASE, erase="blank", blank={"words": ""}, law=CLAIMS, since="named_at"
    ),
    Holding(
        area="complaints",
        row=CorrectiveAction,
        by=_CASE,
        erase="blank",
        blank={"done_words": "", "check_words": ""},
        law=CLAIMS,
        since="asked_at",
    ),
    Holding(area="complaints", row=LibraryEntry, by=_CASE, erase="blank", run=let_entries_go, law=CLAIMS),
)
