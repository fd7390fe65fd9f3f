"""Bronze L2 and L3: a fresh process imports the plugin, with a hook that hears of every file, socket and program."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import msgspec

from core.hooks.loader import Candidate
from plugins.testing.findings import Finding

SECONDS: Final = 0.3
"""The specification's limit for the import of one plugin."""
_LONGEST: Final = 30

# Runs in a process of its own. plugins.api is loaded first: its time is ours.
_PROBE: Final = """
import importlib, json, os, sys, time
import plugins.api
seen = []
def hear(event, args):
    if not on: return
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove", "os.rename"):
        seen.append([event, str(args[0])[:80]])
    elif event == "open" and isinstance(args[0], str) and not args[0].endswith(".pyc"):
        if isinstance(args[1], str) and set(args[1]) & set("wax+"):
            seen.append(["write", os.path.basename(args[0])])
on = False
sys.addaudithook(hear)
package, modules = sys.argv[1], sys.argv[2:]
sys.dont_write_bytecode = True
on, start = True, time.perf_counter()
try:
    for name in (package, *(f"{package}.{one}" for one in modules)):
        importlib.import_module(name)
    seconds = time.perf_counter() - start
    error = ""
except BaseException as fault:
    seconds, error = 0, type(fault).__name__
on = False
print(json.dumps({"seconds": seconds, "seen": seen, "error": error}))
"""


class _Told(msgspec.Struct):
    """What the other process says; it ends silently when the plugin ends it, which L1 tells."""

    seconds: float = 0.0
    seen: tuple[tuple[str, str], ...] = ()
    error: str = ""


def check_import(candidate: Candidate, modules: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a slow import, and whatever the import does beside defining things."""
    # The second try meets compiled files and a warm disk, as a server does when it starts again.
    told = _probe(candidate.package, modules)
    if told is not None and told.seconds > SECONDS:
        told = _probe(candidate.package, modules)
    if told is None:
        yield Finding("L2", f"importing it took more than {_LONGEST} s")
        return
    for event, what in told.seen:
        yield Finding("L3", f"importing it does {event}: {what}")
    if told.seconds > SECONDS:
        yield Finding("L2", f"importing it took {told.seconds * 1000:.0f} ms; the limit is {SECONDS * 1000:.0f} ms")


def _probe(package: str, modules: tuple[str, ...]) -> _Told | None:
    command = [sys.executable, "-c", _PROBE, package, *modules]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with our own program
            command, capture_output=True, text=True, timeout=_LONGEST, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    lines = done.stdout.splitlines()
    return msgspec.json.decode(lines[-1], type=_Told) if lines else _Told()
