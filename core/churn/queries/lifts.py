"""Measures what win-back offers were worth: both halves, whole and month by month."""

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import text

from core.churn.rules import Arm, Lift, lift
from core.uow import Reader

# By intention to treat: who was to be offered something counts there, whether anybody reached them or not; otherwise
# those who answer the phone would be held against those who were never called.
_ARMS = text("""
    SELECT CAST(date_trunc('month', winback.assigned_at AT TIME ZONE CAST(:zone AS text)) AS date) AS month, winback.arm,
      winback.measure_until <= :now AS over, count(*) AS households,
      count(*) FILTER (WHERE back.fen IS NOT NULL) AS returned, coalesce(sum(back.fen), 0) AS fen,
      count(winback.given_at) AS given
    FROM winback
    LEFT JOIN LATERAL (
      SELECT sum(purchase.paid_fen - purchase.refunded_fen) AS fen
      FROM customer
      JOIN purchase ON purchase.tenant_id = customer.tenant_id AND purchase.customer_id = customer.customer_id
        AND purchase.occurred_at > winback.assigned_at AND purchase.occurred_at <= winback.measure_until
      WHERE customer.tenant_id = winback.tenant_id AND customer.state = 'active'
        AND (customer.household_id = winback.household OR customer.customer_id = winback.household)
      HAVING sum(purchase.paid_fen - purchase.refunded_fen) > 0
    ) AS back ON true
    WHERE winback.tenant_id = :tenant_id AND winback.assigned_at >= :since
    GROUP BY 1, 2, 3
    ORDER BY 1
""")


class MonthLift(msgspec.Struct, frozen=True, kw_only=True):
    """The episodes that began in one month; only those whose time is over count."""

    month: date
    lift: Lift


class LiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """Measured lift; `running` episodes may still come back, `given` offers were handed out."""

    whole: Lift
    months: list[MonthLift]
    running: int
    given: int


async def get_lift(reader: Reader, *, since: datetime) -> LiftReport:
    """Return the lift of all episodes since an instant whose time to come back is over."""
    rows = (
        await reader.session.execute(
            _ARMS,
            {"tenant_id": reader.tenant_id, "since": since, "now": reader.now, "zone": reader.scope.timezone},
        )
    ).all()
    over = [row for row in rows if row.over]
    months = sorted({row.month for row in over})
    return LiftReport(
        whole=_lift(over),
        months=[MonthLift(month=month, lift=_lift([row for row in over if row.month == month])) for month in months],
        running=sum(row.households for row in rows if not row.over),
        given=sum(row.given for row in rows),
    )


def _lift(rows: list[Any]) -> Lift:
    return lift(_arm(rows, "offer"), _arm(rows, "hold_out"))


def _arm(rows: list[Any], arm: str) -> Arm:
    mine = [row for row in rows if row.arm == arm]
    return Arm(
        households=sum(row.households for row in mine),
        returned=sum(row.returned for row in mine),
        fen=int(sum(row.fen for row in mine)),
    )
