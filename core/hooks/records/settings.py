"""What is wrong with a plugin's settings, and one input of the page that edits them."""

from typing import Any, Literal

import msgspec

from core.hooks.records.text import Text

Widget = Literal["number", "text", "textarea", "switch", "select", "checkboxes"]


class SettingProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One refused value; `path` is the key, with dots for nested ones."""

    path: str
    code: str
    text: Text = ""


class SettingInput(msgspec.Struct, frozen=True, kw_only=True):
    """One input of the settings page, its words already in the reader's language."""

    path: str
    label: str
    help: str = ""
    widget: Widget
    value: Any = None
    default: Any = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_length: int | None = None
    unit: str = ""
    options: tuple[tuple[str, str], ...] = ()
    secret: bool = False
