"""Readings of devices: bone density and daily activity of a person, entered or imported, each once."""

import math
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.api import ReactContext, Text, both
from plugins.supplements.carriers import BadLine, read_time
from plugins.supplements.settings import Settings
from plugins.supplements.tables import READING

Context = ReactContext[Settings]
_R = READING.c
ReadingKind = Literal["bone_density", "activity"]
# 通过硬件数据(如“骨密度变化”“日常活动量”)优化补钙方案 (care.device_monitoring); the bounds only catch slips of the hand.
KINDS: Final[dict[ReadingKind, tuple[Text, Text, float, float]]] = {
    "bone_density": (both("骨密度 T 值", "Bone density, T-score"), "", -10, 10),
    "activity": (both("日常活动量", "Daily activity"), both("步", "steps"), 0, 200_000),
}
_WORDS: Final[dict[str, ReadingKind]] = {
    "bone_density": "bone_density", "骨密度": "bone_density", "activity": "activity", "活动量": "activity", "步数": "activity",
}  # fmt: skip
MOST: Final = 1000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one device."""

    kind: ReadingKind
    value: float
    measured_at: datetime
    device: str


def read_value(kind: ReadingKind, written: str) -> float | None:
    """Return the number, or None when it is none or out of any sense."""
    try:
        value = float(written)
    except ValueError:
        return None
    _, _, low, high = KINDS[kind]
    return value if math.isfinite(value) and low <= value <= high else None


def read_list(text: str, now: datetime) -> tuple[tuple[Reading, ...], tuple[BadLine, ...]]:
    """Read a device's list: kind, time, value, device."""
    found: list[Reading] = []
    bad: list[BadLine] = []
    lines = [line for line in text.replace("\x00", "").splitlines() if line.strip()]
    for number, line in enumerate(lines[: MOST + 1], 1):
        cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
        kind = _WORDS.get(cells[0].lower())
        at = read_time(cells[1]) if len(cells) == 4 else None
        value = read_value(kind, cells[2]) if kind is not None and len(cells) == 4 else None
        if number > MOST or kind is None or at is None or value is None or at > now or not 0 < len(cells[3]) <= 60:
            bad.append(
                BadLine(
                    number,
                    both(
                        "应为：骨密度或活动量,时间,数值,设备", "Expected: bone_density or activity, time, value, device"
                    ),
                )
            )
            continue
        found.append(Reading(kind=kind, value=value, measured_at=at, device=cells[3]))
    return tuple(found), tuple(bad)


async def keep_readings(
    ctx: Context, *, customer_id: UUID, subject_id: UUID | None, readings: tuple[Reading, ...]
) -> int:
    """Store what is new and return how many; the same device, person, kind and time come once."""
    if not readings:
        return 0
    rows = [
        {
            "tenant_id": ctx.tenant_id,
            "reading_id": uuid4(),
            "customer_id": customer_id,
            "subject_id": subject_id,
            "kind": one.kind,
            "value": one.value,
            "measured_at": one.measured_at,
            "device": one.device,
        }
        for one in readings
    ]
    made = await ctx.session.execute(upsert(READING).values(rows).on_conflict_do_nothing().returning(_R.reading_id))
    return len(made.all())


async def list_readings(
    session: AsyncSession, tenant_id: UUID, customer_id: UUID, subject_id: UUID | None
) -> list[Any]:
    """Return the newest readings of one member of the family (None: the customer's own), oldest first."""
    rows = await session.execute(
        select(READING)
        .where(_R.tenant_id == tenant_id, _R.customer_id == customer_id, _R.subject_id.is_not_distinct_from(subject_id))
        .order_by(_R.measured_at.desc())
        .limit(MOST)
    )
    return list(reversed(rows.all()))
