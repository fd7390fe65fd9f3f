"""What the dental clinic promises, judges and warns of."""

from datetime import UTC, datetime
from uuid import uuid4

from plugins.api import IntakeFacts


async def test_a_grave_word_beats_all_slight_ones_and_is_quoted(tenant, factories):
    complaint = factories.complaint("等了很久，拔牙后血止不住")
    decision = await tenant.decide("assess_complaint", complaint=complaint)
    (answer,) = decision.answers
    assert (answer.value.severity, answer.value.category) == ("L3", "dental.harm")
    assert [complaint.text[quote.start : quote.end] for quote in answer.value.quotes] == ["止不住", "等了"]


async def test_anticoagulants_stand_in_red_beside_the_customer(tenant, factories):
    intake = IntakeFacts(form="dental.intake", answers={"thinner": True}, completed_at=datetime(2026, 3, 1, tzinfo=UTC))
    decision = await tenant.decide("panels", place="customer.side", record=factories.customer(intakes=(intake,)))
    assert [answer.value.tone for answer in decision.answers] == ["danger"]


def test_a_tenant_sets_the_time_for_slight_complaints(make_tenant):
    policy = make_tenant(answer_minutes=45).declared("complaint_policies")[0]
    assert policy.milestones[0].minutes == 45


async def test_an_erasure_of_somebody_unknown_says_that_nothing_was_there(tenant, database):
    (receipt,) = await tenant.react("erase_customer", database=database, customer_id=uuid4())
    assert receipt.erased == {"x_dental_implant": 0}
