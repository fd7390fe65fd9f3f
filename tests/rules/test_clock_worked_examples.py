"""Every worked example of sla.md: Mon-Fri 09:00-18:00, Asia/Shanghai, received Mon 2026-03-02 10:00, 480 minutes."""

from core.clocks.rules import Override, Recalendar, Retarget, Start, apply, fold, merged, reopened, stages
from tests.rules.clocks import CALENDARS, MINUTE, PAUSED, at, complete, pause, plan, resume, start, state


def test_without_events_it_is_due_at_closing_time() -> None:
    assert state(start()).due_at == at("03-02 18:00")


def test_a_pause_from_11_to_14_moves_it_to_noon_and_the_warnings_with_it() -> None:
    clock = state(*PAUSED)
    assert clock.due_at == at("03-03 12:00")
    warnings = [(stage.name, stage.at) for stage in stages(clock, CALENDARS) if stage.kind == "warning"]
    assert warnings == [
        ("warning 50 %", at("03-02 17:00")),
        ("warning 75 %", at("03-03 10:00")),
        ("warning 90 %", at("03-03 11:12")),
    ]


def test_that_retargeted_to_240_at_15_is_due_at_17() -> None:
    clock = state(*PAUSED, Retarget(seq=4, at=at("03-02 15:00"), plan=plan(240, version="v2")))
    assert clock.due_at == at("03-02 17:00")
    assert clock.status == "running"


def test_that_retargeted_to_60_at_15_is_breached_by_the_retarget_at_15() -> None:
    clock = state(*PAUSED, Retarget(seq=4, at=at("03-02 15:00"), plan=plan(60, version="v2")))
    assert clock.breached_by_retarget
    assert clock.status == "breached"
    assert clock.breached_at == clock.first_breached_at == at("03-02 15:00")


def test_when_the_next_day_becomes_a_holiday_it_is_due_a_day_later() -> None:
    edit = Recalendar(seq=4, at=at("03-02 15:00"), calendar="office@2", effective_from=at("03-03 00:00"))
    assert state(*PAUSED, edit).due_at == at("03-04 12:00")


def test_closed_at_16_and_reopened_two_days_later_it_resumes_what_was_left() -> None:
    closed = state(*PAUSED, complete(4, "03-02 16:00"))
    again = fold([reopened(closed, mode="remaining", at=at("03-04 10:00"), seq=5)], CALENDARS)
    assert again.due_at == at("03-04 15:00")
    assert again.facts.cycle == 2


def test_merged_with_a_case_paused_from_13_to_15_it_is_due_at_10() -> None:
    survivor = state(*PAUSED)
    loser = state(start("03-02 12:00"), pause(2, "03-02 13:00"), resume(3, "03-02 15:00"))
    change = merged(survivor, loser, at=at("03-02 16:00"), seq=4)
    assert isinstance(change, Override)
    assert apply(survivor, change, CALENDARS).due_at == at("03-03 10:00")


def test_received_on_a_make_up_saturday_it_is_due_after_the_spring_festival() -> None:
    assert state(start("02-14 16:00", plan(calendar="mainland"))).due_at == at("02-24 15:00")


def test_seven_working_days_end_on_the_25th_at_closing_time() -> None:
    accept = plan(None, "mainland", days=7, pausable=False)
    assert state(start("02-10 10:00", accept)).due_at == at("02-25 18:00")


def test_level_3_received_at_ten_to_midnight_on_the_eve_of_national_day() -> None:
    # 宠物医院客户投诉应急预案 §3.3: 组长10分钟内到达现场, 1小时内初步证据固定, 24小时内听证会, 48小时内正式沟通
    budgets = {10: "10-01 00:00", 60: "10-01 00:50", 24 * 60: "10-01 23:50", 48 * 60: "10-02 23:50"}
    for minutes, due in budgets.items():
        clock = fold([Start(seq=1, at=at("09-30 23:50"), plan=plan(minutes, None, pausable=False))], CALENDARS)
        assert clock.due_at == at(due)
        assert clock.remaining == minutes * MINUTE
