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
        size = min(self.left[name], task.rows if task is not None else 1)
        taken = [keys.popleft()]
        # A row that was tried before travels alone: if it kills its worker, it takes no other row with it.
        while keys and len(taken) < size and taken[0].attempts == 0 and keys[0].attempts == 0:
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
