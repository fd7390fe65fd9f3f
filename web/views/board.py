"""The board as pages show it: its filters out of the address, and its columns with their cards."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.casework.board import Column, find_steps_of_role
from core.complaints.queries.cases import ComplaintFilter
from core.uow import Reader
from tenants.roles import ROLES
from web.i18n import N_, gettext
from web.request import WebRequest
from web.views.complaints import CHANNELS, LEVELS, STATES, Line

STAGES: Final = {
    "receive": N_("Receive"),
    "investigate": N_("Investigate"),
    "respond": N_("Respond"),
    "resolve": N_("Resolve"),
    "follow_up": N_("Follow up"),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of an address; `query` writes them into one again."""

    wanted: ComplaintFilter
    branch: str
    role: str
    query: tuple[tuple[str, str], ...]

    async def narrowed(self, reader: Reader) -> ComplaintFilter:
        """Return the filter with the steps of the chosen role."""
        if not self.role:
            return self.wanted
        steps = await find_steps_of_role(reader, role=self.role)
        return msgspec.structs.replace(self.wanted, milestones=steps)


class ColumnView(msgspec.Struct, frozen=True):
    """One column with its cards."""

    stage: str
    name: str
    count: int
    next_due_at: datetime | None
    lines: tuple[Line, ...]


def _known(text: str, values: Iterable[str]) -> str:
    return text if text in values else ""


def read_filters(request: WebRequest, reader: Reader, *, q: str, levels: Sequence[str]) -> Asked:
    """Read the filters; what the address says wrongly is left out."""
    said = request.query_params
    try:
        branch = UUID(said.get("branch", "") or "0")
    except ValueError:
        branch = None
    state = _known(said.get("state", ""), STATES) or "open"
    chosen = frozenset(levels) & set(LEVELS)
    stage = _known(said.get("stage", ""), STAGES)
    channel, role = _known(said.get("channel", ""), CHANNELS), _known(said.get("role", ""), ROLES)
    mine, overdue = said.get("mine") == "1", said.get("overdue") == "1"
    wanted = ComplaintFilter(
        state=state,
        severities=chosen,
        branch_id=branch,
        assignee_id=reader.actor.id if mine else None,
        words=q[:80],
        stage=stage,
        channel=channel,
        overdue=overdue,
    )
    pairs = [
        ("q", q),
        ("state", state if state != "open" else ""),
        *(("level", one) for one in sorted(chosen)),
        *(("stage", stage), ("branch", str(branch or "")), ("role", role), ("channel", channel)),
        *(("mine", "1" if mine else ""), ("overdue", "1" if overdue else "")),
    ]
    kept = tuple((name, value) for name, value in pairs if value)
    return Asked(wanted=wanted, branch=str(branch or ""), role=role, query=kept)


def columns_of(columns: Sequence[Column], lines: Sequence[Line]) -> list[ColumnView]:
    """Return the columns with the cards that belong to them, in their order."""
    by_id = {line.complaint_id: line for line in lines}
    return [
        ColumnView(
            column.stage,
            gettext(STAGES[column.stage]),
            column.count,
            column.next_due_at,
            tuple(by_id[row.complaint_id] for row in column.rows),
        )
        for column in columns
    ]
