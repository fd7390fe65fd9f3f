"""Which step of a chain asks for an answer, until when, and who hears of it next."""

from datetime import UTC, datetime, timedelta

from core.complaints.rules.answers import Asked, asked_by, step_of
from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ASKS = EscalationStep(role="team_leader", fraction=0.5, need_ack=True, ack_timeout=10, next="director")
LAST = EscalationStep(role="director", fraction=1.0, need_ack=True, ack_timeout=10)
TELLS = EscalationStep(role="director", fraction=0.0)
POLICY = Policy(
    severity="L3",
    label="重大",
    milestones=(
        Milestone(id="on_site", label="到达现场", minutes=10, owner_role="team_leader", steps=(TELLS, ASKS, LAST)),
    ),
    roles=(DutyRole(code="team_leader", label="组长"), DutyRole(code="director", label="院长")),
)


def test_only_a_step_that_wants_an_answer_asks_for_one() -> None:
    for stage in ("due", "warning 50 %", "step", "step x", "step 9", "step 1"):
        assert asked_by(POLICY, "on_site", stage, AT) is None
    assert step_of(POLICY, "gone", "step 1") is None


def test_an_answer_is_awaited_until_the_timeout_and_then_from_the_next_role() -> None:
    moves_on = AT + timedelta(minutes=10)
    assert asked_by(POLICY, "on_site", "step 2", AT) == Asked("team_leader", moves_on, "director")
    assert asked_by(POLICY, "on_site", "step 3", AT) == Asked("director", None, None)
    assert asked_by(POLICY, "on_site", "step 2 unacknowledged", AT) == Asked("director", None, None)
