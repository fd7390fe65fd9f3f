"""The tabs above every survey page, as far as the reader's role allows."""

from core.uow import Reader
from web.i18n import N_, gettext

_TABS = (
    ("results", N_("Results"), "", "surveys.read"),
    ("interviews", N_("Interviews"), "/interviews", "surveys.interview"),
    ("campaigns", N_("Campaigns"), "/campaigns", "surveys.manage"),
    ("script", N_("Script"), "/script", "surveys.manage"),
    ("settings", N_("Settings"), "/settings", "surveys.manage"),
)


def survey_tabs(reader: Reader, root: str, current: str) -> list[tuple[str, str, bool]]:
    """Return (label, address, is it this page)."""
    return [
        (gettext(label), root + path, name == current)
        for name, label, path, permission in _TABS
        if reader.actor.may(permission)
    ]
