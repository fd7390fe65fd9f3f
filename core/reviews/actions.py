"""Takes in reviews that customers show, and rewards them once somebody who is not concerned has looked at the proof."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from core.customers.actions import record_event
from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.days import local_date
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.files.actions import Prepared, keep_prepared
from core.hooks.records.loyalty.offers import ReviewReward
from core.loyalty.actions.giving import give_reward
from core.loyalty.actions.points import earn_event
from core.programs.queries import get_version_id
from core.reviews.models import ReviewClaim, ReviewLink
from core.reviews.pictures import look_aside
from core.reviews.queries import (
    ClaimRecord,
    LinkRecord,
    find_open_link,
    find_rule,
    get_claim,
    list_earlier,
    list_filed,
    list_open_visits,
)
from core.reviews.rules import (
    LINK_DAYS,
    MAX_REASON,
    approver_problem,
    claim_problems,
    find_link,
    link_key,
    next_claim_at,
    proof_checks,
)
from core.tenancy.actions import new_public_code
from core.uow import UnitOfWork

_R, _L, _C = table_of(ReviewClaim), table_of(ReviewLink), table_of(Customer)
OWNER = "review_claim"
_GRAVE = frozenset({"picture", "alike", "link"})


class NoReviewRule(Conflict):
    """No rule rewards reviews today."""

    code = "no-review-rule"


class ReviewDecided(Conflict):
    """Somebody else decided the claim."""

    code = "review-decided"


class ReviewOfYourself(Conflict):
    """Who was reviewed, or filed the claim at the desk, does not decide it."""

    code = "review-of-yourself"


class ClaimDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A review as it is shown: `text` is the link, or what the platform's app shares."""

    platform: str
    text: str = ""
    visit_id: UUID | None = None
    about_staff_id: UUID | None = None
    choice: int | None = None


async def give_review_link(uow: UnitOfWork, *, customer_id: UUID) -> LinkRecord:
    """Return an address under which the customer shows a review; an open one is given again."""
    await _lock_customer(uow, customer_id)
    known = await find_open_link(uow, customer_id)
    if known is not None:
        return known
    link = LinkRecord(
        code=await new_public_code(uow), customer_id=customer_id, expires_at=uow.now + timedelta(days=LINK_DAYS)
    )
    await uow.session.execute(
        insert(_L).values(
            tenant_id=uow.tenant_id,
            link_id=new_id(),
            code=link.code,
            customer_id=customer_id,
            created_at=uow.now,
            created_by_name=uow.actor.name,
            expires_at=link.expires_at,
        )
    )
    uow.audit("review.link", "customer", customer_id)
    return link


async def file_claim(uow: UnitOfWork, *, customer_id: UUID, draft: ClaimDraft, picture: Prepared | None = None) -> UUID:
    """Write down a review that a customer shows; nothing is given before somebody has looked at it.

    Without a visit the newest one counts for which no review was shown yet.

    Raises:
        InvalidInput: every problem at once: no such platform, a link of another one, no picture, too soon after the last
            one on this platform, a visit for which one was shown.
        NoReviewRule: nothing is promised today.
    """
    rule = await find_rule(uow)
    if rule is None:
        raise NoReviewRule
    customer_id = await find_present_customer(uow, customer_id)
    await _lock_customer(uow, customer_id)
    text = clean_text(draft.text)
    problems = claim_problems(
        rule, platform=draft.platform, text=text, has_picture=picture is not None, choice=draft.choice
    )
    problems += await _too_soon(uow, rule, customer_id, draft.platform)
    open_visits = await list_open_visits(uow, customer_id, since=uow.now - timedelta(days=rule.cooldown_days or 90))
    visit_id = draft.visit_id or (open_visits[0].visit_id if open_visits else None)
    if draft.visit_id is not None and draft.visit_id not in {one.visit_id for one in open_visits}:
        problems += (FieldProblem("visit_id", "visit-claimed"),)
    if problems:
        raise InvalidInput(problems)
    claim_id, link = new_id(), find_link(text)
    look = await look_aside(picture.content) if picture is not None else None
    sha256, key = (picture.sha256 if picture else None), link_key(link)
    earlier = await list_earlier(uow, customer_id=customer_id, sha256=sha256, with_look=look is not None, key=key)
    failed = proof_checks(earlier, sha256=sha256, look=look, key=key, visit_known=visit_id is not None)
    values = {
        "claim_id": claim_id,
        "customer_id": customer_id,
        "visit_id": visit_id,
        "platform": draft.platform,
        "link": link,
        "link_key": key,
        "file_id": await _keep(uow, picture, claim_id),
        "sha256": sha256,
        "look": look,
        "about_staff_id": draft.about_staff_id,
        "choice": draft.choice,
        "failed": msgspec.to_builtins(failed),
    }
    await _insert(uow, rule, values)
    return claim_id


async def _insert(uow: UnitOfWork, rule: ReviewReward, values: dict[str, Any]) -> None:
    by_staff = uow.actor.kind == "staff"
    stamp = {
        "tenant_id": uow.tenant_id,
        "number": await uow.next_number("review"),
        "source": "desk" if by_staff else "customer",
        "filed_by": uow.actor.id if by_staff else None,
        "filed_by_name": uow.actor.name if by_staff else "",
        "filed_at": uow.now,
        "rule_id": rule.id,
        "rule_version": await get_version_id(uow),
        "terms": msgspec.to_builtins(rule),
        "state": "waiting",
        "given": [],
        "decided_by_name": "",
        "reason": "",
    }
    await uow.session.execute(insert(_R).values(stamp | values))
    data = {"number": stamp["number"], "platform": values["platform"]}
    await record_event(
        uow, customer_id=values["customer_id"], kind="review_shown", data=data, ref_id=values["claim_id"]
    )
    uow.audit("review.file", "review", values["claim_id"], data)
    uow.publish("reviews", {"claim_id": str(values["claim_id"])})


async def _too_soon(uow: UnitOfWork, rule: ReviewReward, customer_id: UUID, platform: str) -> tuple[FieldProblem, ...]:
    since = uow.now - timedelta(days=rule.cooldown_days)
    filed = await list_filed(uow, customer_id=customer_id, platform=platform, since=since)
    free = next_claim_at(rule, filed)
    if free is None or free <= uow.now:
        return ()
    day = local_date(free, uow.scope.timezone).isoformat()
    return (FieldProblem("platform", "review-too-soon", {"day": day, "days": rule.cooldown_days}),)


async def _keep(uow: UnitOfWork, picture: Prepared | None, claim_id: UUID) -> UUID | None:
    if picture is None:
        return None
    kept = await keep_prepared(uow, picture, purpose="review", owner_kind=OWNER, owner_id=claim_id)
    return kept.file_id


async def approve_claim(uow: UnitOfWork, *, claim_id: UUID, choice: int | None = None, reason: str = "") -> ClaimRecord:
    """Give one of the rewards for a genuine review; what it says, good or bad, is no reason for or against it.

    Args:
        uow: of somebody whom the review is not about and who did not file it.
        claim_id: a claim that waits.
        choice: which of the rewards; what the customer chose when it is left out.
        reason: has to be given when the picture or the link was shown before.

    Raises:
        InvalidInput: no reward chosen, or no reason where one is needed.
        ReviewDecided: somebody else decided it.
        ReviewOfYourself: the approver is concerned.
    """
    claim = await _lock_waiting(uow, claim_id)
    words = clean_text(reason)
    chosen = claim.choice if choice is None else choice
    rewards = claim.terms.choose_one_of
    if chosen is None and len(rewards) == 1:
        chosen = 0
    problems = []
    if chosen is None or not 0 <= chosen < len(rewards):
        problems.append(FieldProblem("choice", "required"))
    if not words and _GRAVE & {one.code for one in claim.failed}:
        problems.append(FieldProblem("reason", "required"))
    if len(words) > MAX_REASON:
        problems.append(FieldProblem("reason", "too-long", {"max": MAX_REASON}))
    if problems or chosen is None:
        raise InvalidInput(tuple(problems))
    key = f"review:{claim_id}"
    await give_reward(
        uow, customer_id=claim.customer_id, reward=rewards[chosen], key=key, source="review", ref_id=claim_id
    )
    await earn_event(uow, customer_id=claim.customer_id, event="review", key=f"{key}:event")
    given = [{"key": key, "reward": msgspec.to_builtins(rewards[chosen]), "at": uow.now.isoformat()}]
    return await _decide(uow, claim, state="approved", reason=words, choice=chosen, given=given)


async def reject_claim(uow: UnitOfWork, *, claim_id: UUID, reason: str) -> ClaimRecord:
    """Refuse a claim, with a reason; the customer may show another review then.

    Raises:
        InvalidInput: no reason.
        ReviewDecided, ReviewOfYourself: as `approve_claim`.
    """
    claim = await _lock_waiting(uow, claim_id)
    words = clean_text(reason)
    if not words or len(words) > MAX_REASON:
        problem = (
            FieldProblem("reason", "too-long", {"max": MAX_REASON}) if words else FieldProblem("reason", "required")
        )
        raise InvalidInput((problem,))
    return await _decide(uow, claim, state="rejected", reason=words)


async def _lock_waiting(uow: UnitOfWork, claim_id: UUID) -> ClaimRecord:
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.claim_id == claim_id)
    await uow.session.execute(select(_R.c.claim_id).where(*mine).with_for_update(key_share=True))
    claim = await get_claim(uow, claim_id)
    if claim.state != "waiting":
        raise ReviewDecided(state=claim.state)
    concerned = approver_problem(uow.actor.id, concerned=claim.concerned, filed_by=claim.filed_by)
    if concerned is not None:
        raise ReviewOfYourself(why=concerned)
    return claim


async def _decide(uow: UnitOfWork, claim: ClaimRecord, *, state: str, reason: str, **values: Any) -> ClaimRecord:
    values |= {
        "state": state,
        "reason": reason,
        "decided_at": uow.now,
        "decided_by": uow.actor.id,
        "decided_by_name": uow.actor.name,
    }
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.claim_id == claim.claim_id)
    await uow.session.execute(update(_R).where(*mine).values(values))
    data = {"number": claim.number, "platform": claim.platform}
    await record_event(uow, customer_id=claim.customer_id, kind=f"review_{state}", data=data, ref_id=claim.claim_id)
    uow.audit(f"review.{state}", "review", claim.claim_id, {"reason": reason})
    uow.publish("reviews", {"claim_id": str(claim.claim_id)})
    return await get_claim(uow, claim.claim_id)


async def _lock_customer(uow: UnitOfWork, customer_id: UUID) -> None:
    """Claims of one customer come one after the other, so that the limits per visit and platform hold."""
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    if await uow.session.scalar(select(_C.c.customer_id).where(*mine).with_for_update(key_share=True)) is None:
        raise NotFound("no such customer")
