"""Shares of the levels that have drifted, in the reader's words."""

from core.complaints.rules.shares import DAYS, Shares
from web.i18n import gettext
from web.views.complaints import LEVEL_NAMES


def drift_lines(shares: Shares) -> list[str]:
    """Return one sentence for each level that comes more or less often than expected; none when nothing drifted."""
    return [
        gettext(
            "%(level)s: %(percent)s%% of %(n)s in %(days)s days (between %(low)s%% and %(high)s%% with chance taken into"
            " account); about %(expected)s%% are expected"
        )
        % {
            "level": gettext(LEVEL_NAMES[share.severity]),
            "percent": round(share.percent),
            "n": shares.total,
            "days": DAYS,
            "low": round(share.low),
            "high": round(share.high),
            "expected": share.expected,
        }
        for share in shares.drifted
    ]
