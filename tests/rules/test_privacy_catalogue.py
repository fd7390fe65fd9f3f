"""Every table that holds something about a person says how it is copied and erased, or why it need not."""

import pytest
from sqlalchemy import Table

import core.models
import tenants.models
from core.db import Base
from core.privacy.catalogue import catalogue
from core.privacy.holdings import NOT_HELD, Holding, add_holding

MODULES = (core.models, tenants.models)
"""Imported so that the metadata is whole."""

OF_A_PERSON = {
    "customer_id",
    "subject_id",
    "winner_id",
    "loser_id",
    "a_id",
    "b_id",
    "owner_id",
    "submission_id",
    "complaint_id",
    "visit_id",
    "estimate_id",
    "bill_id",
    "interview_id",
}
"""Columns that lead to a person, directly or by way of what belongs to one."""
TABLES = [table for table in Base.metadata.tables.values() if OF_A_PERSON & set(table.columns.keys())]
# Rows of a case or an interview that hold steps, times and the names of staff, and no word about the person.
STEPS_ONLY = {"complaint_clock", "clock_event", "told_stage", "notice", "survey_attempt"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_that_leads_to_a_person_is_in_the_register_or_says_why_not(table: Table) -> None:
    assert table.name in catalogue() or table.name in NOT_HELD or table.name in STEPS_ONLY, (
        f"{table.name} leads to a person: name it in core/privacy/catalogue.py"
    )


@pytest.mark.parametrize("holding", catalogue().values(), ids=lambda holding: holding.name)
def test_a_holding_names_columns_that_are_there_and_a_law_for_what_stays(holding: Holding) -> None:
    named = {*holding.by, *holding.gives, *holding.export, *holding.blank, *(holding.erase_by or {})}
    named |= {holding.since} if holding.since else set()
    assert named <= set(holding.table.columns.keys())
    if holding.erase != "delete":
        assert holding.law is not None or holding.name == "survey_answer"


def test_what_a_table_gives_is_found_before_it_is_asked_for() -> None:
    known = {"customer", "person", "loose", "owner", "work", "export"}
    for holding in catalogue().values():
        assert set(holding.by.values()) <= known, holding.name
        known |= set(holding.gives.values())


def test_a_table_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="two holdings"):
        add_holding(catalogue()["customer"])
