"""Hooks about a plugin's own settings."""

from typing import Any

from core.hooks.kinds import decide_pure
from core.hooks.records.settings import SettingProblem


@decide_pure(merge="own plugin", on_fault="refuse", budget=0.1)
def check_settings(settings: Any) -> tuple[SettingProblem, ...]:
    """Look at settings whose every value is valid by itself; return what does not fit together.

    Pure: the answer depends on `settings` alone. Any problem, and any fault, refuses the save.
    """
    raise NotImplementedError
