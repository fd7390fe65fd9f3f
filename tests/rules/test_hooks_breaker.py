"""Five faults in a minute open a key; after 30 seconds one caller may try."""

from core.hooks.breaker import FAULTS, REST, WINDOW, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAULTS):
        breaker.failed("k")
    return breaker, clock


def test_four_faults_keep_it_closed_and_the_fifth_opens_it() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAULTS - 1):
        breaker.failed("k")
    assert breaker.allows("k")
    breaker.failed("k")
    assert not breaker.allows("k")
    assert breaker.is_open("k")
    assert breaker.allows("another key")


def test_faults_spread_over_more_than_a_minute_do_not_open_it() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAULTS * 2):
        breaker.failed("k")
        clock.now += WINDOW / (FAULTS - 1) + 1
    assert breaker.allows("k")


def test_after_its_rest_exactly_one_caller_tries() -> None:
    breaker, clock = opened()
    clock.now = REST - 0.1
    assert not breaker.allows("k")
    clock.now = REST
    assert [breaker.allows("k") for _ in range(3)] == [True, False, False]


def test_a_good_trial_closes_it_and_forgets() -> None:
    breaker, clock = opened()
    clock.now = REST
    assert breaker.allows("k")
    breaker.succeeded("k")
    breaker.failed("k")
    assert breaker.allows("k")


def test_a_bad_trial_opens_it_for_another_rest() -> None:
    breaker, clock = opened()
    clock.now = REST + WINDOW * 2
    assert breaker.allows("k")
    breaker.failed("k")
    assert not breaker.allows("k")
    clock.now += REST
    assert breaker.allows("k")


def test_a_cancelled_trial_is_given_to_the_next_caller() -> None:
    breaker, clock = opened()
    clock.now = REST
    assert breaker.allows("k")
    breaker.abandoned("k")
    assert breaker.allows("k")


def test_a_good_call_between_faults_does_not_hide_them() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAULTS):
        breaker.failed("k")
        breaker.succeeded("other")
    assert breaker.is_open("k")
    breaker.abandoned("never seen")
    breaker.succeeded("never seen")
