"""Silver F and B, gold T2 and V2: each decide hook is asked with samples, plain and odd, and its time is watched."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.hooks.context import Reader
from core.hooks.dispatch import Decision, Gap
from core.hooks.kinds import Spec
from core.hooks.records.complaints import SEVERITIES, ComplaintFacts
from core.hooks.records.customers import CUSTOMER_SIDE, CustomerFacts, IntakeFacts
from core.hooks.records.pages import PageRequest
from core.hooks.specs import SPECS
from core.scope import SYSTEM
from plugins.testing.findings import Finding
from plugins.testing.isolation import changed_globals, kept_globals
from plugins.testing.project import Sample
from plugins.testing.subject import Subject

NOW: Final = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
STEP: Final = 0.1
"""Seconds that a hook may hold the loop in one piece."""
_LONG: Final = "等了很久也没有人理我们。" * 200


class DatabaseGone(OSError):
    """What the broken reader raises."""


class _BrokenReader:
    """A reader whose database has just gone away."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> "_BrokenReader":
        return self

    async def __aenter__(self) -> AsyncSession:
        self.asked = True
        raise DatabaseGone("the kit took the database away")

    async def __aexit__(self, *fault: object) -> None:
        """Nothing was opened."""


def samples(subject: Subject, hook: str) -> Iterator[dict[str, Any]]:
    """Yield arguments for one decide hook: usual, empty, long and unknown ones."""
    return _SAMPLES[hook](subject)


def _forms(subject: Subject) -> list[str]:
    return [str(form.id) for form in subject.records("intake_forms")]


def _intakes(subject: Subject) -> Iterator[dict[str, Any]]:
    for form in (*_forms(subject), "nobody.form"):
        yield {"form": form, "answers": {}}
        yield {"form": form, "answers": {"unknown_field": _LONG}}


def _complaints(subject: Subject) -> Iterator[dict[str, Any]]:
    categories = [str(one.id) for one in subject.records("complaint_categories")]
    for category in (None, *categories, "nobody.category"):
        for text in ("", "服务态度不好", _LONG):
            yield {"complaint": ComplaintFacts(text=text, category=category, received_at=NOW)}


def _beside(subject: Subject) -> Iterator[dict[str, Any]]:
    for form in ("", *_forms(subject)):
        intakes = (IntakeFacts(form=form, completed_at=NOW),) if form else ()
        record = CustomerFacts(customer_id=UUID(int=7), full_name="王芳", intakes=intakes)
        yield {"place": CUSTOMER_SIDE, "record": record}
    yield {"place": "nowhere.side", "record": CustomerFacts(customer_id=UUID(int=7), full_name="王芳")}


def _pages(subject: Subject) -> Iterator[dict[str, Any]]:
    for route in subject.records("routes"):
        if route.method == "GET":
            names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
            local = str(route.id).removeprefix(f"{subject.plugin.id}.")
            yield {"request": PageRequest(route=local, path=dict.fromkeys(names, "../no-such-thing"))}


_SAMPLES: Final[dict[str, Callable[[Subject], Iterator[dict[str, Any]]]]] = {
    "check_intake": _intakes,
    "assess_complaint": _complaints,
    "panels": _beside,
    "show_page": _pages,
}


async def check_answers(
    subject: Subject, reader: Reader | None = None, complaints: tuple[Sample, ...] = ()
) -> tuple[Finding, ...]:
    """Ask every decide hook of the plugin and return what goes wrong; hooks that read need `reader`."""
    found: list[Finding] = []
    before = kept_globals(subject)
    for spec in SPECS:
        if spec.name in _SAMPLES and subject.implements(spec.name):
            for arguments in samples(subject, spec.name):
                found += await _asked(subject, spec, arguments, reader)
    found += changed_globals(subject, before)
    found += await _levels(subject, complaints)
    return tuple(dict.fromkeys(found))


async def _ask(subject: Subject, spec: Spec[Any], arguments: dict[str, Any], **more: Any) -> Decision[Any] | Gap:
    """Ask with a host of its own, so that no breaker opens; a refusal is a gap."""
    plugins = subject.fresh()
    decision = await plugins.decide(
        spec, now=NOW, locale="zh-CN", actor=SYSTEM, only=subject.plugin.id, **{"trial": True, **more}, **arguments
    )
    return decision.gaps[0] if decision.gaps else decision


async def _asked(subject: Subject, spec: Spec[Any], arguments: dict[str, Any], reader: Reader | None) -> list[Finding]:
    if reader is None and spec.name == "show_page":
        return []  # pages read; without a database there is nothing to see
    found: list[Finding] = []
    held, answer = await _held(_ask(subject, spec, arguments, reader=reader))
    if held > STEP:  # a machine that was busy for a moment is not the plugin's fault: the second time decides
        held = min(held, (await _held(_ask(subject, spec, arguments, reader=reader)))[0])
    if held > STEP:
        found.append(Finding("B1", f"{spec.name} holds the loop for {held * 1000:.0f} ms in one piece"))
    if isinstance(answer, Gap):
        rule = {"timeout": "B2", "type": "F3"}.get(answer.code, "F1")
        found.append(Finding(rule, f"{spec.name}: {answer.code} {answer.error}", answer.where))
        return found
    if spec.name == "show_page":
        return found
    real = subject.fresh().decide(
        spec, now=NOW, locale="zh-CN", actor=SYSTEM, only=subject.plugin.id, reader=reader, **arguments
    )
    if (await real).answers != answer.answers:
        found.append(Finding("T2", f"{spec.name} answers otherwise in a trial"))
    broken = _BrokenReader()
    without = await _ask(subject, spec, arguments, reader=broken)
    if broken.asked and not isinstance(without, Gap):
        found.append(Finding("F2", f"{spec.name} answers as though it had read, when the database is gone"))
    return found


async def _held(work: Any) -> tuple[float, Any]:
    """Await, and return the longest time for which the loop could do nothing else, with the answer."""
    longest, stop = 0.0, False

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not stop:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        answer = await work
    finally:
        stop = True
        await ticking
    return longest, answer


async def _levels(subject: Subject, complaints: tuple[Sample, ...]) -> list[Finding]:
    spec = next(spec for spec in SPECS if spec.name == "assess_complaint")
    found: list[Finding] = []
    if not subject.implements(spec.name):
        return found

    async def level(text: str) -> int:
        answer = await _ask(subject, spec, {"complaint": ComplaintFacts(text=text, received_at=NOW)})
        value = None if isinstance(answer, Gap) or not answer.answers else answer.answers[0].value
        return 0 if value is None else SEVERITIES.index(value.severity) + 1

    judged = [(sample, await level(sample.text)) for sample in complaints]
    for sample, rank in judged:
        wanted = SEVERITIES.index(sample.severity) + 1 if sample.severity in SEVERITIES else 0
        if rank != wanted:
            said = SEVERITIES[rank - 1] if rank else "no opinion"
            found.append(Finding("V2", f"{sample.text[:20]!r} is {said}, not {sample.severity}"))
    for one, rank in judged:
        for other, second in judged:
            if await level(f"{one.text}\n{other.text}") < max(rank, second):
                found.append(Finding("V2", f"{one.text[:20]!r} with {other.text[:20]!r} is judged milder than alone"))
    return found
