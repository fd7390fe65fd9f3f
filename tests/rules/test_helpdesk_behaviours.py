"""What Zammad, RT, Chatwoot, GLPI and Frappe Helpdesk assert of clocks beyond numbers, in our words, and where we differ."""

import json
from datetime import timedelta

import pytest

from core.calendars.rules import InvalidCalendar, parse_calendar
from core.clocks.rules import (
    At,
    Cancel,
    Reopen,
    Retarget,
    Step,
    Told,
    fold,
    merged,
    next_stage,
    reopened,
    ripe,
    stages,
)
from tests.rules.clocks import (
    CALENDARS,
    HOUR,
    MINUTE,
    at,
    complete,
    pause,
    plan,
    refusal,
    resume,
    start,
    state,
)
from workers.cli.sla import answers

SUNDAYS = {"sunday": parse_calendar({"tz": "UTC", "hours": {"sun": [["09:00", "17:00"]]}})}
MONDAYS = {"monday": parse_calendar({"tz": "UTC", "hours": {"mon": [["09:00", "17:00"]]}})}


def test_rt_another_agreement_on_another_calendar_counts_anew_from_the_creation() -> None:
    begun = start("01-05 08:00", plan(60, "sunday"))
    calendars = SUNDAYS | MONDAYS
    assert fold([begun], calendars).due_at == at("01-11 18:00")
    change = Retarget(seq=2, at=at("01-05 16:30"), plan=plan(60, "monday", version="v2"))
    assert fold([begun, change], calendars).due_at == at("01-05 18:00")


def test_rt_an_agreement_changed_and_changed_back_is_due_when_it_was() -> None:
    base = start("03-02 10:00", plan(120))
    there = Retarget(seq=2, at=at("03-02 10:05"), plan=plan(240, version="v2"))
    back = Retarget(seq=3, at=at("03-02 10:06"), plan=plan(120, version="v3"))
    assert state(base, there).due_at == at("03-02 14:00")
    assert state(base, there, back).due_at == state(base).due_at


def test_rt_a_stalled_case_has_no_due_time_until_it_goes_on() -> None:
    events = (start("03-02 10:00", plan(120, None)), pause(2, "03-02 10:30"))
    assert state(*events).due_at is None
    assert state(*events, resume(3, "03-02 10:31")).due_at == at("03-02 12:01")


def test_rt_what_may_not_rest_stays_due_when_the_case_is_stalled() -> None:
    assert refusal(start("03-02 10:00", plan(120, None, pausable=False)), pause(2, "03-02 10:30")) == "not-pausable"


def test_rt_sunday_is_no_seventh_day_and_a_wrong_day_is_refused() -> None:
    with pytest.raises(InvalidCalendar):
        parse_calendar({"tz": "UTC", "hours": {"7": [["09:00", "17:00"]]}})
    line = {"id": "a", "op": "due", "start": "2026-03-02T02:00:00Z", "minutes": 1}
    ((answer, good),) = answers([json.dumps(line | {"calendar": {"tz": "UTC", "hours": {"7": []}}}).encode()])
    assert not good
    assert "7" in answer["error"]


@pytest.mark.parametrize("looks", [1, 3, 20])
def test_chatwoot_a_miss_is_written_once_however_often_it_is_looked_at(looks: int) -> None:
    clock = [start("03-02 10:00", plan(60, None, warnings=()))]
    told: list[Told] = []
    for minute in range(looks):
        now = at("03-02 12:00") + timedelta(minutes=minute)
        found = ripe(fold(clock, CALENDARS, now), CALENDARS, told, now)
        told += [Told(name=one.name, policy_version="v1", at=one.at) for one in found]
    assert [(one.name, one.at) for one in told] == [("due", at("03-02 11:00"))]


def test_chatwoot_a_missed_first_answer_says_nothing_of_the_solution() -> None:
    first, solution = (state(start("03-02 10:00", plan(m, None)), now="03-02 12:00") for m in (60, 480))
    assert (first.status, solution.status) == ("breached", "running")


def test_chatwoot_an_answer_in_time_is_in_time_whoever_looks_later() -> None:
    assert state(start("03-02 10:00", plan(360, None)), complete(2, "03-02 10:30"), now="03-09 10:00").status == "met"


def test_chatwoot_counts_a_late_solution_as_hit_when_nobody_looked_before_ours_is_late_by_arithmetic() -> None:
    # Chatwoot judges when its job runs; sla.md, rule 13: a breach is arithmetic.
    done = state(start("03-02 10:00", plan(60, None)), complete(2, "03-02 11:00:01"))
    assert (done.status, done.breached_at) == ("met_late", at("03-02 11:00"))


def test_chatwoot_a_missed_promise_stays_missed_when_it_is_kept_after_all() -> None:
    done = state(start("03-02 10:00", plan(60, None)), complete(2, "03-02 12:00"), now="03-20 10:00")
    assert (done.status, done.first_breached_at) == ("met_late", at("03-02 11:00"))


def test_chatwoot_outside_business_hours_nothing_is_missed() -> None:
    asked = start("03-02 20:00", plan(60))
    assert state(asked, now="03-02 21:30").status == "running"
    assert state(asked, complete(2, "03-03 09:45")).status == "met"


def test_glpi_who_takes_over_in_time_is_not_helped_by_waiting() -> None:
    own = state(start("03-02 10:00", plan(240, None, pausable=False)))
    solve = state(start("03-02 10:00", plan(240, None)), pause(2, "03-02 10:30"), resume(3, "03-02 12:30"))
    assert (own.due_at, solve.due_at) == (at("03-02 14:00"), at("03-02 16:00"))


def test_glpi_an_escalation_before_the_deadline_walks_back_through_open_time() -> None:
    early = plan(480, warnings=(At(seconds=-8 * HOUR),))
    assert next_stage(state(start("03-02 12:00", early)), CALENDARS).at == at("03-02 12:00")  # type: ignore[union-attr] # it has one
    half = plan(480, warnings=(At(seconds=-HOUR),))
    found = [one.at for one in stages(state(start("03-02 12:00", half)), CALENDARS) if one.kind == "warning"]
    assert found == [at("03-03 10:00")]


def test_glpi_waiting_moves_the_escalation_with_the_deadline() -> None:
    given = plan(30, None, warnings=(At(seconds=-5 * MINUTE),))
    plain, waited = (
        state(start("03-02 10:00", given), *events)
        for events in ((), (pause(2, "03-02 10:01"), resume(3, "03-02 11:01")))
    )
    first, second = (next_stage(one, CALENDARS) for one in (plain, waited))
    assert first is not None
    assert second is not None
    assert second.at - first.at == timedelta(hours=1)


def test_glpi_another_agreement_brings_its_own_escalations_and_takes_the_old_ones_away() -> None:
    old = plan(240, None, warnings=(At(seconds=-HOUR),), steps=(Step(role="leader", at=At(fraction=1.0)),))
    new = plan(120, None, version="v2", warnings=(At(seconds=-HOUR),))
    moved = state(start("03-02 13:00", old), Retarget(seq=2, at=at("03-02 13:05"), plan=new))
    found = [(one.kind, one.at) for one in stages(moved, CALENDARS)]
    assert found == [("warning", at("03-02 14:00")), ("due", at("03-02 15:00"))]


def test_glpi_counts_an_hour_after_the_deadline_in_open_time_ours_is_by_the_wall_clock() -> None:
    # GLPI lets a positive escalation skip the night; ours says how long somebody has been late already.
    given = plan(60, warnings=(), steps=(Step(role="leader", at=At(seconds=2 * HOUR)),))
    step = [one for one in stages(state(start("03-02 16:30", given)), CALENDARS) if one.kind == "step"]
    assert [one.at for one in step] == [at("03-02 19:30")]


def test_glpi_days_keep_the_time_of_day_ours_end_with_the_working_day() -> None:
    # GLPI: five days from Friday 08:46 end on Friday 08:46; sla.md, rule 4 counts open dates, the first one too.
    given = plan(None, "office", days=5, pausable=False)
    assert state(start("03-06 09:46", given)).due_at == at("03-12 18:00")


def test_zammad_a_case_that_no_rule_is_about_any_more_has_no_deadline() -> None:
    gone = state(start("03-02 10:00", plan(60, None)), Cancel(seq=2, at=at("03-02 10:10"), reason="superseded"))
    assert (gone.status, gone.live, next_stage(gone, CALENDARS)) == ("cancelled", False, None)


def test_zammad_closing_while_it_waits_takes_the_time_that_was_worked() -> None:
    done = state(start("03-02 09:00", plan(240)), pause(2, "03-02 09:00"), complete(3, "03-02 12:00"))
    assert done.status == "met"
    again = fold([reopened(done, mode="remaining", at=at("03-02 14:00"), seq=4)], CALENDARS)
    assert again.due_at == at("03-02 18:00"), "nothing was used, so all of it is left"


def test_zammad_closed_and_opened_again_the_time_between_does_not_count() -> None:
    first = state(
        start("03-02 09:00", plan(120)), pause(2, "03-02 09:30"), resume(3, "03-02 09:45"), complete(4, "03-02 10:00")
    )
    again = fold([reopened(first, mode="remaining", at=at("03-02 10:30"), seq=5)], CALENDARS)
    assert again.due_at == at("03-02 11:45")


def test_zammad_a_closed_clock_never_changes_afterwards() -> None:
    done = (start("03-02 10:00", plan(60, None)), complete(2, "03-02 10:30"))
    assert refusal(*done, complete(3, "03-02 14:00")) == "closed"
    assert refusal(*done, pause(3, "03-02 14:00")) == "closed"
    assert refusal(*done, Retarget(seq=3, at=at("03-02 14:00"), plan=plan(5, None))) == "closed"
    assert state(*done, Reopen(seq=3, at=at("03-02 14:00"), cycle=2)).status == "met"


def test_frappe_a_first_answer_stops_its_own_clock_and_the_solution_waits_with_the_customer() -> None:
    answered = state(start("03-02 12:00", plan(60)), complete(2, "03-02 12:30"))
    waiting = state(start("03-02 12:00", plan(240)), pause(2, "03-02 12:30"), now="03-02 12:45")
    running = state(start("03-02 12:00", plan(240)), pause(2, "03-02 12:30"), resume(3, "03-02 13:00"))
    assert (answered.status, waiting.status, running.due_at) == ("met", "paused", at("03-02 16:30"))


def test_frappe_resolved_and_then_closed_keeps_the_time_of_the_first() -> None:
    assert refusal(start("03-02 12:00", plan(240)), complete(2, "03-02 12:30"), complete(3, "03-02 13:30")) == "closed"


def test_frappe_holding_over_a_holiday_counts_only_what_was_open() -> None:
    held = state(start("03-02 17:30", plan(240, "office@2")), pause(2, "03-02 17:50"), resume(3, "03-04 11:30"))
    assert held.due_at == at("03-04 15:10")


def test_frappe_merged_into_one_the_other_clock_ends() -> None:
    keeps, goes = start("03-02 12:00", plan(60, None)), start("03-02 12:20", plan(60, None))
    joined = merged(state(keeps), state(goes), at=at("03-02 12:30"), seq=2)
    assert state(keeps, joined).due_at == at("03-02 13:00")
    assert state(goes, Cancel(seq=2, at=at("03-02 12:30"), reason="merged")).status == "cancelled"
