"""What the plugin declares today and did not when the tenant published: shown as a difference, never taken silently."""

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.hooks.records.loyalty.program import Program
from core.programs.models import ProgramVersion
from core.programs.queries import get_declared, get_version_number
from core.programs.rules.changes import Change, diff
from core.programs.rules.digests import digest
from core.uow import Reader

_V = table_of(ProgramVersion)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """The plugin (a new release, or the tenant's settings of it) declares another program than it did."""

    since: int
    """The version in force, published on what the plugin declared then."""
    before: Program
    """What it declared then."""
    declared: Program
    """What it declares today."""
    changes: tuple[Change, ...]
    """What is new in the plugin's program, not what the tenant changed."""


async def get_news(reader: Reader) -> News | None:
    """Return how the plugin's program has changed since the version in force was published; None: not at all.

    A tenant without a version of its own simply has what the plugin declares. To take the news over, load them into the
    draft (drafts.start_draft(version=0)) or change the draft rule by rule.
    """
    number, declared = await get_version_number(reader), await get_declared(reader)
    if not number or declared is None:
        return None
    mine = (_V.c.tenant_id == reader.tenant_id, _V.c.program_id == declared.id, _V.c.number == number)
    row = (await reader.session.execute(select(_V.c.plugin_digest, _V.c.plugin_body).where(*mine))).one()
    if row.plugin_digest == digest(declared):
        return None
    before = msgspec.convert(row.plugin_body, Program)
    return News(since=number, before=before, declared=declared, changes=diff(before, declared))
