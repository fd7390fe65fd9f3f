"""A plugin moves from state to state only as its life allows, and only "on" reaches the tenant."""

import typing
from datetime import UTC, datetime

import pytest

from tenants.plugin_lifecycle import KEPT, MOVES, State, Verb, kept_until, may_resume, next_state, reaches_tenant

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
STATES = typing.get_args(State)
ALLOWED = {
    ("installed", "offer"): "offered",
    ("removed", "offer"): "offered",
    ("installed", "try"): "trial",
    ("offered", "try"): "trial",
    ("off", "try"): "trial",
    ("removed", "try"): "trial",
    ("installed", "enable"): "on",
    ("offered", "enable"): "on",
    ("trial", "enable"): "on",
    ("off", "enable"): "on",
    ("removed", "enable"): "on",
    ("on", "pause"): "paused",
    ("paused", "resume"): "on",
    ("trial", "disable"): "off",
    ("on", "disable"): "off",
    ("paused", "disable"): "off",
    ("off", "remove"): "removed",
}


@pytest.mark.parametrize("verb", typing.get_args(Verb))
@pytest.mark.parametrize("state", STATES)
def test_a_verb_leads_where_the_life_of_a_plugin_allows_and_nowhere_else(state: State, verb: Verb) -> None:
    assert next_state(state, verb) == ALLOWED.get((state, verb))


def test_nothing_is_removed_before_it_is_off_and_every_state_can_be_reached_and_left() -> None:
    assert MOVES["remove"][0] == {"off"}
    assert {target for _, target in MOVES.values()} == set(STATES) - {"installed"}
    assert frozenset().union(*(allowed for allowed, _ in MOVES.values())) == set(STATES)


def test_what_the_operator_paused_only_the_operator_resumes() -> None:
    assert may_resume("tenant", "tenant")
    assert may_resume("tenant", "operator")
    assert may_resume("operator", "operator")
    assert not may_resume("operator", "tenant")


def test_only_a_plugin_that_is_on_reaches_the_tenant() -> None:
    assert [state for state in STATES if reaches_tenant(state)] == ["on"]


def test_data_of_a_plugin_that_is_off_are_kept_until_a_date() -> None:
    assert {state for state in STATES if kept_until(state, NOW) is not None} == {"off"}
    assert kept_until("off", NOW) == NOW + KEPT
