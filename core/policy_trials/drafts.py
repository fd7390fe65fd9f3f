"""Makes a candidate of the drafts on the tenant's desk: its policies and each calendar that has a draft."""

import msgspec

from core.calendars.holidays.queries import list_holiday_tables
from core.policies.queries import get_declared, get_policies, list_drafts
from core.policies.rules.calendars import CalendarBody, resolve
from core.policies.rules.changes import apply_changes, read_changes
from core.policies.rules.versions import POLICIES, calendar_id_of
from core.policy_trials.rules.candidates import Candidate, candidate_of
from core.uow import Reader


async def get_candidate(reader: Reader) -> Candidate:
    """Return what the drafts would change; a candidate without changes when there are none.

    Raises:
        InvalidCalendar: a calendar's draft that cannot be published either.
    """
    live = await get_policies(reader)
    draft, calendars = live, {}
    for one in await list_drafts(reader):
        calendar_id = calendar_id_of(one.subject)
        if one.subject == POLICIES:
            draft = apply_changes(get_declared(reader), read_changes(one.body))
        elif calendar_id is not None:
            body = msgspec.convert(one.body, CalendarBody)
            calendars[calendar_id] = resolve(body, list_holiday_tables()).resolved
    return candidate_of(live, draft, calendars=calendars)
