"""Shares the lanes out between tenants: one job each in turn, and none has more on its way than its limit."""

from collections import deque
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from core.outbox.rules import DueKey
from workers.jobs import Task


class Batch(msgspec.Struct, frozen=True):
    """Rows of one tenant and task that travel in one job."""

    tenant_id: UUID
    task: str
    keys: tuple[DueKey, ...]


class _Share:
    """What one tenant still has to send, by task."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.due: dict[str, deque[DueKey]] = {}
        self.left: dict[str, int] = {}

    def next_batch(self, tasks: Mapping[str, Task]) -> Batch | None:
        """Take the task whose oldest row waits the longest, and as many of its rows as fit."""
        open_tasks = [name for name, keys in self.due.items() if keys and self.left[name] > 0]
        if not open_tasks:
            return None
        name = min(open_tasks, key=lambda name: self.due[name][0].run_at)
        keys, task = self.due[name], tasks.get(name)
        taken = [keys.popleft()]
        attempts = taken[0].attempts
        # What was tried before travels in ever smaller company, soon alone: a row that kills its worker
        # must not use up the attempts of the rows beside it.
        size = min(self.left[name], max(1, (task.rows if task is not None else 1) >> (2 * attempts)))
        while keys and len(taken) < size and keys[0].attempts == attempts:
            taken.append(keys.popleft())
        self.left[name] = 0 if task is not None and task.ordered else self.left[name] - len(taken)
        return Batch(self.tenant_id, name, tuple(taken))


def share_out(
    due: Sequence[DueKey],
    *,
    tasks: Mapping[str, Task],
    in_flight: Mapping[tuple[UUID, str], int],
    room: int,
) -> list[Batch]:
    """Return up to `room` jobs in the order in which to send them.

    Args:
        due: rows in due order.
        tasks: what is known of them; a row of an unknown task travels alone.
        in_flight: how many rows of a tenant and task are sent and not done.
        room: how many jobs the lane still takes.
    """
    shares: dict[UUID, _Share] = {}
    for key in due:
        share = shares.setdefault(key.tenant_id, _Share(key.tenant_id))
        if key.task not in share.due:
            share.due[key.task] = deque()
            share.left[key.task] = _allowance(tasks.get(key.task), in_flight.get((key.tenant_id, key.task), 0))
        share.due[key.task].append(key)
    batches: list[Batch] = []
    rotation = deque(shares.values())
    while rotation and len(batches) < room:
        share = rotation.popleft()
        batch = share.next_batch(tasks)
        if batch is not None:
            batches.append(batch)
            rotation.append(share)
    return batches


def _allowance(task: Task | None, on_their_way: int) -> int:
    if task is None:
        return 1
    if task.ordered:
        return 0 if on_their_way else task.rows
    return max(task.tenant_limit - on_their_way, 0)
