"""The interviewer's queue: each person belongs to one interviewer for a while, and each call is written down."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, case, func, insert, or_, select, update

from core.contacts.actions import record_consent
from core.contacts.permission import may_contact
from core.customers.queries import get_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.forms.actions import record_intake
from core.forms.intake import Filled
from core.forms.models import Submission
from core.hooks.context import Reader as PluginReader
from core.surveys.answers import keep_answer
from core.surveys.models import SurveyAsk, SurveyAttempt, SurveyInterview
from core.surveys.queries import find_interview_form, get_settings
from core.surveys.queue import PRESENT
from core.surveys.rules.interviews import LEASE, Outcome, problems_of, step_after
from core.uow import UnitOfWork

_I, _K, _T, _F = table_of(SurveyInterview), table_of(SurveyAsk), table_of(SurveyAttempt), table_of(Submission)
TOPIC: Final = "interviews"
CALL_BACK_WITHIN: Final = timedelta(days=2)
"""So soon somebody calls back who was unhappy enough to warn others off."""
NEVER_AGAIN: Final = "Said on the phone: do not ask me again."


class InterviewTaken(Conflict):
    """Another interviewer has this person at the moment."""

    code = "interview-taken"


class InterviewOver(Conflict):
    """This call has been made, or its time is over."""

    code = "interview-over"


async def claim_next(uow: UnitOfWork) -> UUID | None:
    """Give the actor the next person and return the interview, or None when nobody is left for now.

    First whom they hold already, then calls that were promised for a time that has come, then what is due first.
    Rows that somebody else is taking at this moment are passed over, so two never get the same person. Whoever has
    refused surveys on the phone since the draw leaves the queue here.
    """
    while True:
        row = await _take(uow)
        if row is None:
            return None
        if row.reason == "call_back" or await may_contact(uow, row.customer_id, purpose="survey", channel="phone"):
            break
        await _change(uow, row.interview_id, state="refused", finished_at=uow.now, **_FREE)
    await _hold(uow, row.interview_id)
    return row.interview_id  # type: ignore[no-any-return] # a row's column


async def _take(uow: UnitOfWork) -> Any:
    mine = _I.c.claimed_by == uow.actor.id
    held = and_(mine, _I.c.lease_until > uow.now)
    free = or_(_I.c.lease_until.is_(None), _I.c.lease_until <= uow.now)
    ripe = or_(_I.c.next_at.is_(None), _I.c.next_at <= uow.now)
    promised = and_(_I.c.next_at.is_not(None), _I.c.next_at <= uow.now)
    query = (
        select(_I.c.interview_id, _I.c.customer_id, _I.c.reason)
        .where(_I.c.tenant_id == uow.tenant_id, _I.c.state == "waiting", or_(held, and_(free, ripe)))
        .where(or_(_I.c.reason == "call_back", _I.c.due_at > uow.now), PRESENT)
        .order_by(case((held, 0), (promised, 1), else_=2), _I.c.due_at, _I.c.position, _I.c.interview_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await uow.session.execute(query)).first()


async def claim_interview(uow: UnitOfWork, *, interview_id: UUID) -> None:
    """Give the actor this person, unless another interviewer has them.

    Raises:
        InterviewTaken, InterviewOver: 409.
    """
    await _locked(uow, interview_id)
    await _hold(uow, interview_id)


async def give_back(uow: UnitOfWork, *, interview_id: UUID) -> None:
    """Put a person back into the queue without a call."""
    await _locked(uow, interview_id)
    await _change(uow, interview_id, **_FREE)
    uow.publish(TOPIC, {"interview_id": str(interview_id)})


async def record_call(
    uow: UnitOfWork,
    *,
    interview_id: UUID,
    outcome: Outcome,
    note: str = "",
    call_at: datetime | None = None,
    never_again: bool = False,
) -> None:
    """Write down what a call without a filled survey led to; `never_again` withdraws the consent to surveys.

    Raises:
        InvalidInput: no such outcome, or a time to call that does not fit.
        InterviewTaken, InterviewOver: 409.
    """
    row = await _locked(uow, interview_id)
    words = clean_text(note)
    until = row.due_at if row.reason == "sample" else uow.now + timedelta(days=30)
    problems = problems_of(outcome, call_at=call_at, note=words, now=uow.now, until=until)
    if outcome == "reached" and row.reason == "sample":
        # A drawn person who was reached fills the survey or refuses it: there is no third.
        problems += (FieldProblem("outcome", "option"),)
    if problems:
        raise InvalidInput(problems)
    settings = await get_settings(uow)
    step = step_after(
        outcome, attempts=row.attempts + 1, max_attempts=settings.max_attempts, now=uow.now, call_at=call_at
    )
    await _attempt(uow, row, outcome, call_at)
    over = step.state != "waiting"
    await _change(
        uow,
        interview_id,
        state=step.state,
        next_at=step.next_at,
        attempts=row.attempts + 1,
        note=words or row.note,
        finished_at=uow.now if over else None,
        **_FREE,
    )
    if row.ask_id is not None and outcome == "refused":
        await _reached(uow, row.ask_id)
    if never_again:
        await record_consent(
            uow,
            customer_id=row.customer_id,
            purpose="survey",
            decision="withdrawn",
            source="desk",
            text_shown=NEVER_AGAIN,
            ref_id=interview_id,
        )
    uow.audit("survey.call", "survey_interview", interview_id, {"outcome": outcome, "never_again": never_again})
    uow.publish(TOPIC, {"interview_id": str(interview_id)})


async def record_interview(
    uow: UnitOfWork,
    *,
    interview_id: UUID,
    answers: dict[str, Any],
    plugin_reader: PluginReader | None = None,
) -> Filled:
    """Take in the survey that was filled on the phone; sent twice it is one.

    Raises:
        InvalidInput: every (path, code) at once.
        FormNotOffered: no form to ask (any more).
        InterviewTaken, InterviewOver: 409.
    """
    row = await _locked(uow, interview_id, again=True)
    form = await find_interview_form(uow, await get_settings(uow))
    if form is None or row.reason != "sample":
        raise NotFound("nothing to ask")
    customer = await get_customer(uow, row.customer_id)
    filled = await record_intake(
        uow,
        form_id=form.id,
        answers=answers,
        once_key=f"interview:{interview_id}",
        customer_id=row.customer_id,
        branch_id=customer.branch_id,
        channel="phone",
        plugin_reader=plugin_reader,
    )
    if filled.replayed:
        return filled
    await _attempt(uow, row, "reached", None)
    await _change(
        uow,
        interview_id,
        state="done",
        attempts=row.attempts + 1,
        submission_id=filled.submission_id,
        finished_at=uow.now,
        **_FREE,
    )
    if row.ask_id is not None:
        await _reached(uow, row.ask_id, answered=True)
    await keep_answer(uow, submission_id=filled.submission_id, source="interview")
    uow.audit("survey.interview", "survey_interview", interview_id)
    uow.publish(TOPIC, {"interview_id": str(interview_id)})
    return filled


async def call_back(uow: UnitOfWork, *, submission_id: UUID) -> UUID:
    """Put the person who gave this answer into the queue to be called back; asked twice it is one call.

    Raises:
        NotFound: no such survey answer, or nobody knows whose it is.
    """
    found = select(_F.c.customer_id).where(
        _F.c.tenant_id == uow.tenant_id, _F.c.submission_id == submission_id, _F.c.purpose == "survey"
    )
    customer_id = await uow.session.scalar(found.with_for_update())
    if customer_id is None:
        raise NotFound("no such answer of a customer")
    before = select(_I.c.interview_id).where(
        _I.c.tenant_id == uow.tenant_id, _I.c.about_id == submission_id, _I.c.state == "waiting"
    )
    waiting = await uow.session.scalar(before)
    if waiting is not None:
        return waiting  # type: ignore[no-any-return] # a row's column
    interview_id = new_id()
    await uow.session.execute(
        insert(_I).values(
            tenant_id=uow.tenant_id,
            interview_id=interview_id,
            reason="call_back",
            customer_id=customer_id,
            position=0,
            about_id=submission_id,
            state="waiting",
            due_at=uow.now + CALL_BACK_WITHIN,
            attempts=0,
            claimed_by_name="",
            note="",
            created_by_name=uow.actor.name,
            created_at=uow.now,
        )
    )
    uow.audit("survey.call_back", "survey_interview", interview_id, {"submission_id": str(submission_id)})
    uow.publish(TOPIC, {"interview_id": str(interview_id)})
    return interview_id


_FREE: Final[dict[str, Any]] = {"claimed_by": None, "claimed_by_name": "", "lease_until": None}


async def _locked(uow: UnitOfWork, interview_id: UUID, *, again: bool = False) -> Any:
    mine = (_I.c.tenant_id == uow.tenant_id, _I.c.interview_id == interview_id)
    row = (await uow.session.execute(select(_I).where(*mine).with_for_update())).first()
    if row is None:
        raise NotFound("no such interview")
    if row.state != "waiting" and not (again and row.state == "done"):
        raise InterviewOver(state=row.state)
    if row.lease_until is not None and row.lease_until > uow.now and row.claimed_by != uow.actor.id:
        raise InterviewTaken(name=row.claimed_by_name)
    return row


async def _hold(uow: UnitOfWork, interview_id: UUID) -> None:
    await _change(
        uow, interview_id, claimed_by=uow.actor.id, claimed_by_name=uow.actor.name, lease_until=uow.now + LEASE
    )
    uow.publish(TOPIC, {"interview_id": str(interview_id)})


async def _change(uow: UnitOfWork, interview_id: UUID, **values: Any) -> None:
    mine = (_I.c.tenant_id == uow.tenant_id, _I.c.interview_id == interview_id)
    await uow.session.execute(update(_I).where(*mine).values(**values))


async def _attempt(uow: UnitOfWork, row: Any, outcome: Outcome, call_at: datetime | None) -> None:
    await uow.session.execute(
        insert(_T).values(
            tenant_id=uow.tenant_id,
            interview_id=row.interview_id,
            number=row.attempts + 1,
            outcome=outcome,
            call_at=call_at,
            staff_id=uow.actor.id,
            staff_name=uow.actor.name,
            at=uow.now,
        )
    )


async def _reached(uow: UnitOfWork, ask_id: UUID, *, answered: bool = False) -> None:
    values: dict[str, Any] = {"delivered_at": func.coalesce(_K.c.delivered_at, uow.now)}
    if answered:
        values["answered_at"] = uow.now
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.ask_id == ask_id)
    await uow.session.execute(update(_K).where(*mine).values(**values))
