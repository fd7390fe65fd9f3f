"""A hook's specification: its kind, what it returns, how answers merge, its budget and what a fault means."""

import inspect
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec
from pluggy import HookimplMarker, HookspecMarker

T = TypeVar("T")
Kind = Literal["declare", "decide", "react"]
FaultRule = Literal["not enabled", "fallback", "skip", "refuse", "defer", "retry"]
"""not enabled: the plugin is off for this tenant until fixed. fallback: the caller takes core's strictest
answer. skip: go on, keep a gap. refuse: stop the user's action. defer: accept, do it in a worker.
retry: the worker tries again, then a dead letter."""

PROJECT = "anxin"
DECLARE_BUDGET = 0.1
"""Seconds; measured at load and when settings change, never in a request."""
hookimpl = HookimplMarker(PROJECT)
_hookspec = HookspecMarker(PROJECT)
_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True, eq=False)
class Spec(Generic[T]):
    """One hook. `T` is one contribution: what an implementation returns one or several of."""

    name: str
    kind: Kind
    is_async: bool
    many: bool
    on_fault: FaultRule
    budget: float
    """Seconds for one implementation."""
    merge: str
    local_ids: tuple[str, ...]
    """Attributes of a contribution that hold local ids; the host prefixes them."""
    key: str
    """Attribute of a contribution that is unique within one plugin."""
    check: Callable[[Any], None] | None
    """Raises ValueError when a plugin's contributions do not fit together."""
    function: Callable[..., Any]
    arguments: tuple[str, ...] = field(init=False)
    copied: "dict[str, msgspec.msgpack.Decoder[Any]]" = field(init=False, repr=False)
    """Arguments that could be changed by an implementation, so each gets its own copy."""
    decoder: "msgspec.msgpack.Decoder[Any]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the arguments and the answer's type from the specification's own signature."""
        signature = inspect.signature(self.function)
        object.__setattr__(self, "arguments", tuple(signature.parameters))
        hints = typing.get_type_hints(self.function)
        object.__setattr__(self, "decoder", msgspec.msgpack.Decoder(hints.pop("return")))
        copied = {
            name: msgspec.msgpack.Decoder(hint)
            for name, hint in hints.items()
            if name != "ctx" and _is_changeable(hint)
        }
        object.__setattr__(self, "copied", copied)

    def packed(self, arguments: dict[str, object]) -> dict[str, bytes]:
        """Return the changeable arguments as bytes, from which `unpacked` makes a copy for each call."""
        return {name: _encoder.encode(arguments[name]) for name in self.copied}

    def unpacked(self, packed: dict[str, bytes]) -> dict[str, object]:
        """Return fresh copies of the changeable arguments.

        Raises:
            msgspec.ValidationError: the caller passed something the specification does not name.
        """
        return {name: self.copied[name].decode(data) for name, data in packed.items()}

    def accept(self, plugin: str, result: object) -> tuple[T, ...]:
        """Return the contributions as fresh deep copies, ids prefixed.

        Raises:
            TypeError, msgspec.ValidationError, ValueError: the result is not what the hook promises.
        """
        value = self.decoder.decode(_encoder.encode(result))
        contributions: tuple[T, ...] = value if self.many else () if value is None else (value,)
        if not self.local_ids:
            return contributions
        return tuple(_with_prefix(plugin, one, self.local_ids) for one in contributions)


def _is_changeable(hint: object) -> bool:
    """Tell whether a value of this type may hold something that can be changed; plain texts cannot."""
    return hint is not str and typing.get_origin(hint) is not Literal and hint is not Any


def _with_prefix(plugin: str, record: T, names: tuple[str, ...]) -> T:
    changes = {}
    for name in names:
        local = getattr(record, name, None)
        if local is not None:
            changes[name] = prefixed(plugin, local)
    if not changes:
        return record
    return typing.cast("T", msgspec.structs.replace(typing.cast("msgspec.Struct", record), **changes))


def prefixed(plugin: str, local: str) -> str:
    """Return `plugin.local`; an id that already carries this plugin's name stays.

    Raises:
        ValueError: the id is empty or carries another plugin's name.
    """
    owner, dot, rest = local.partition(".")
    if dot and owner != plugin:
        raise ValueError(f"id {local!r} carries the name of another plugin")
    if not (rest if dot else owner):
        raise ValueError("an id is empty")
    return local if dot else f"{plugin}.{local}"


def declare(
    *,
    merge: str,
    on_fault: FaultRule = "not enabled",
    local_ids: tuple[str, ...] = (),
    key: str = "id",
    check: Callable[[Any], None] | None = None,
) -> Callable[[Callable[..., tuple[T, ...]]], Spec[T]]:
    """Specify a hook that returns frozen records and nothing else; sync, pure, kept until settings change."""
    promise = _Promise("declare", on_fault, DECLARE_BUDGET, merge, local_ids, key, check)
    return lambda function: promise.of(function, many=True)


def decide_one(
    *, merge: str, on_fault: FaultRule, budget: float, local_ids: tuple[str, ...] = ()
) -> Callable[[Callable[..., Awaitable[T | None]]], Spec[T]]:
    """Specify a hook that reads and answers with one effect or none; core applies it."""
    promise = _Promise("decide", on_fault, budget, merge, local_ids)
    return lambda function: promise.of(function, many=False)


def decide_many(
    *, merge: str, on_fault: FaultRule, budget: float, local_ids: tuple[str, ...] = ()
) -> Callable[[Callable[..., Awaitable[tuple[T, ...]]]], Spec[T]]:
    """Specify a hook that reads and answers with any number of effects; core applies them."""
    promise = _Promise("decide", on_fault, budget, merge, local_ids)
    return lambda function: promise.of(function, many=True)


def decide_pure(*, merge: str, on_fault: FaultRule, budget: float) -> Callable[[Callable[..., tuple[T, ...]]], Spec[T]]:
    """Specify a decide hook that needs no reading: sync, its time measured."""
    promise = _Promise("decide", on_fault, budget, merge, ())
    return lambda function: promise.of(function, many=True)


def migrate(*, budget: float) -> Callable[[Callable[..., T | None]], Spec[T]]:
    """Specify the hook that rewrites stored settings: sync and pure; a fault keeps what is stored."""
    promise = _Promise("decide", "refuse", budget, "own plugin", ())
    return lambda function: promise.of(function, many=False)


def act(*, merge: str, on_fault: FaultRule, budget: float) -> Callable[[Callable[..., Awaitable[T | None]]], Spec[T]]:
    """Specify a react hook that answers with one record, for core to act on in the same transaction."""
    promise = _Promise("react", on_fault, budget, merge, ())
    return lambda function: promise.of(function, many=False)


def act_many(
    *, merge: str, on_fault: FaultRule, budget: float
) -> Callable[[Callable[..., Awaitable[tuple[T, ...]]]], Spec[T]]:
    """Specify a react hook that answers with any number of records, for core to act on in the same transaction."""
    promise = _Promise("react", on_fault, budget, merge, ())
    return lambda function: promise.of(function, many=True)


def react(*, budget: float) -> Callable[[Callable[..., Awaitable[None]]], Spec[None]]:
    """Specify a hook that works after commit in a worker, at least once per event."""
    promise = _Promise("react", "retry", budget, "each", ())
    return lambda function: promise.of(function, many=False)


@dataclass(frozen=True)
class _Promise:
    """What a specification says beside its signature."""

    kind: Kind
    on_fault: FaultRule
    budget: float
    merge: str
    local_ids: tuple[str, ...]
    key: str = "id"
    check: Callable[[Any], None] | None = None

    def of(self, function: Callable[..., Any], *, many: bool) -> Spec[Any]:
        return Spec(
            name=function.__name__,
            kind=self.kind,
            is_async=inspect.iscoroutinefunction(function),
            many=many,
            on_fault=self.on_fault,
            budget=self.budget,
            merge=self.merge,
            local_ids=self.local_ids,
            key=self.key,
            check=self.check,
            function=_hookspec(function),
        )
