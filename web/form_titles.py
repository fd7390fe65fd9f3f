"""A form's title in the reader's words; one that is not offered now shows nothing of its plugin."""

from collections.abc import Mapping
from typing import Any

from web.i18n import gettext, localized


def title_of(titles: Mapping[str, Any], form_id: str) -> str:
    """Return the title of a form; `titles` are those on offer, as texts or as the definition says them."""
    return localized(titles.get(form_id)) or gettext("A form that is not offered now")
