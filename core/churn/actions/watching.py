"""Keeps, once a night, when each household was last seen and how often it comes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core.uow import UnitOfWork

# Only households whose last visit moved are written, and only theirs are the visits counted.
_REFRESH = text("""
    INSERT INTO churn_watch (tenant_id, household, last_on, seen_id, gap_days, told, look_again_on)
    SELECT :tenant_id, seen.household, seen.last_on, seen.seen_id, NULL, false, NULL
    FROM (
      SELECT DISTINCT ON (coalesce(household_id, customer_id))
        coalesce(household_id, customer_id) AS household, last_visit_on AS last_on, customer_id AS seen_id
      FROM customer
      WHERE tenant_id = :tenant_id AND state = 'active' AND last_visit_on IS NOT NULL
      ORDER BY coalesce(household_id, customer_id), last_visit_on DESC, customer_id
    ) AS seen
    LEFT JOIN churn_watch AS known ON known.tenant_id = :tenant_id AND known.household = seen.household
    WHERE known.household IS NULL OR known.last_on <> seen.last_on OR known.seen_id <> seen.seen_id
    ON CONFLICT (tenant_id, household) DO UPDATE
    SET last_on = excluded.last_on, seen_id = excluded.seen_id,
        told = churn_watch.told AND churn_watch.last_on = excluded.last_on,
        look_again_on = CASE WHEN churn_watch.last_on = excluded.last_on THEN churn_watch.look_again_on END
    RETURNING household
""")

_GAPS = text("""
    WITH member AS (
      SELECT coalesce(household_id, customer_id) AS household, customer_id
      FROM customer
      WHERE tenant_id = :tenant_id AND state = 'active' AND coalesce(household_id, customer_id) = ANY (:households)
    ), came AS (
      SELECT DISTINCT member.household, (purchase.occurred_at AT TIME ZONE CAST(:zone AS text))::date AS day
      FROM member JOIN purchase ON purchase.tenant_id = :tenant_id AND purchase.customer_id = member.customer_id
      WHERE purchase.refunded_fen < purchase.paid_fen
    ), gap AS (
      SELECT household, day - lag(day) OVER (PARTITION BY household ORDER BY day) AS days FROM came
    ), usual AS (
      SELECT household, CAST(round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days) + 0.01) AS bigint) AS days
      FROM gap WHERE days IS NOT NULL GROUP BY household HAVING count(*) >= :least
    )
    UPDATE churn_watch SET gap_days = usual.days
    FROM usual
    WHERE churn_watch.tenant_id = :tenant_id AND churn_watch.household = usual.household
""")
_BATCH = 20_000


async def refresh_watch(uow: UnitOfWork, *, least_gaps: int) -> int:
    """Note who was seen since the last time; return how many households moved.

    One pass over the customers' last days, merged with what is known; visits are counted for those who moved only.
    """
    moved: Sequence[UUID] = list(await uow.session.scalars(_REFRESH, {"tenant_id": uow.tenant_id}))
    for start in range(0, len(moved), _BATCH):
        await uow.session.execute(
            _GAPS,
            {
                "tenant_id": uow.tenant_id,
                "households": list(moved[start : start + _BATCH]),
                "zone": uow.scope.timezone,
                "least": least_gaps,
            },
        )
    return len(moved)
