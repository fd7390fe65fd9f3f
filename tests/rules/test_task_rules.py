"""Whose a task is, who may end it, and how its words are kept."""

from uuid import UUID

import pytest

from core.tasks.rules import ENDS_ALL, Whose, in_languages, is_mine, may_end

ME, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("task", "mine"),
    [
        (Whose("", ME), True),
        (Whose("", OTHER), False),
        (Whose("front_desk", None), True),
        (Whose("doctor", None), False),
    ],
)
def test_a_task_is_mine_by_name_or_by_role(task: Whose, mine: bool) -> None:
    assert is_mine(task, staff_id=ME, roles={"front_desk"}) is mine
    assert may_end(task, staff_id=ME, roles={"front_desk"}, permissions=()) is mine
    assert may_end(task, staff_id=ME, roles={"front_desk"}, permissions={ENDS_ALL})


def test_one_text_for_all_is_kept_under_both_languages() -> None:
    assert in_languages("催单") == {"zh-CN": "催单", "en": "催单"}
    assert in_languages({"zh-CN": "催单", "en": "Chase"}) == {"zh-CN": "催单", "en": "Chase"}
