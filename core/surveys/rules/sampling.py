"""Who is called this month: a share of the eligible customers, drawn the same way every time, nobody twice in a round."""

import hashlib
from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec

# 2025东营宠物诊所客户服务策略 §2.1: 每月选取10%客户进行电话访谈
DEFAULT_PERCENT = 10


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who may be called; `cycle` is the last round in which they were drawn, 0 for never."""

    customer_id: UUID
    cycle: int = 0


class Sample(msgspec.Struct, frozen=True):
    """Who was drawn, in the order of calling, each with the round that the draw counts for; `cycle` is the round now."""

    drawn: tuple[tuple[UUID, int], ...]
    cycle: int
    eligible: int


def sample_size(eligible: int, percent: int) -> int:
    """Return the share, rounded up: of eleven people ten per cent are two."""
    return -(-eligible * percent // 100)


def sample_seed(tenant_id: UUID, month: date, campaign: str) -> str:
    """Return what makes a draw this tenant's, this month's and this campaign's own."""
    return f"{tenant_id}:{month:%Y-%m}:{campaign}"


def draw_sample(candidates: Iterable[Candidate], *, cycle: int, percent: int, seed: str) -> Sample:
    """Draw the month's sample.

    Everybody not yet drawn in round `cycle` comes first. When they are fewer than the sample, all of them are taken,
    round `cycle + 1` begins, and the rest is drawn among the others: so nobody is drawn twice in a round, nobody twice
    in one month, and a round ends only when everybody eligible was drawn in it. Who is new has never been drawn, and
    so joins the round that runs.

    The order is that of SHA-256 over the seed and the customer's id: the same people give the same draw, in whatever
    order they come, and nobody can tell it in advance from the ids.
    """
    everybody = list(candidates)
    size = sample_size(len(everybody), percent)
    waiting = _shuffled((one.customer_id for one in everybody if one.cycle < cycle), seed)
    drawn = [(customer_id, cycle) for customer_id in waiting[:size]]
    if len(waiting) >= size:
        return Sample(tuple(drawn), cycle, len(everybody))
    again = _shuffled((one.customer_id for one in everybody if one.cycle >= cycle), f"{seed}:{cycle + 1}")
    drawn += [(customer_id, cycle + 1) for customer_id in again[: size - len(waiting)]]
    return Sample(tuple(drawn), cycle + 1, len(everybody))


def _shuffled(ids: Iterable[UUID], seed: str) -> list[UUID]:
    return sorted(ids, key=lambda one: (hashlib.sha256(f"{seed}:{one}".encode()).digest(), one))
