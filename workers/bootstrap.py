"""Makes the environment before there is one: any python3 runs it, with the standard library alone.

    python3 workers/bootstrap.py run|dev|test|doctor|lock

The syntax stays readable for Python 3.7, so that an old interpreter can say that it is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
UV = "uv==0.13.9"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONTS = "fonts-noto-cjk"  # without it every Chinese character in a screenshot is an empty box
NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "nodename nor servname",
    "NewConnectionError",
    "ConnectTimeoutError",
    "Connection refused",
    "Network is unreachable",
    "ProxyError",
    "Read timed out",
)


class Unready(Exception):
    """The environment cannot be made: the problem and the next step, in plain words."""


def venv_folder() -> Path:
    """Where the environment lies; VENV moves it (a read-only checkout)."""
    return Path(os.environ.get("VENV") or ROOT / ".venv").absolute()


def environment_python() -> Path:
    """The interpreter of the environment."""
    return venv_folder() / "bin" / "python"


def require_python() -> None:
    """Go on with a newer interpreter of this machine when this one is too old."""
    if sys.version_info[:2] >= OLDEST:
        return
    found = [path for path in map(shutil.which, NEWER) if path]
    if found:
        os.execv(found[0], [found[0], *sys.argv])  # noqa: S606 - the same script, without a shell
    raise Unready(
        "Anxin needs Python 3.11 or newer; this is Python {}.{} ({}).".format(*sys.version_info[:2], sys.executable),
        "Install a newer one (Debian: apt install python3.11 python3.11-venv), then: make run PYTHON=python3.11",
    )


def require_folder() -> None:
    """Refuse early where pip would fail late."""
    folder = venv_folder().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Unready(
            f"The folder {folder} cannot be written: {error.strerror}.",
            "Clone the project into a folder of your own, or keep the environment elsewhere: make run VENV=~/anxin-venv",
        ) from error


def make_venv() -> None:
    """Create the environment unless a sound one is there."""
    python = environment_python()
    if python.exists() and _run([str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"])[0] == 0:
        return
    print(f"Making the environment in {venv_folder()} ...", flush=True)
    code, output = _run([sys.executable, "-m", "venv", "--clear", str(venv_folder())])
    if code == 0:
        return
    if "ensurepip" in output or "No module named venv" in output:
        raise Unready(
            "This Python has no venv module.",
            "Install it (Debian: apt install python3-venv), then run the same command again.",
        )
    raise Unready(f"The environment cannot be made:\n{output[-1500:]}", "Read the lines above; then: make doctor")


def install(kind: str) -> None:
    """Install the lock of that kind (run, dev) and the project itself when either changed; build the front end."""
    lock = ROOT / ("requirements-dev.lock" if kind == "dev" else "requirements.lock")
    wanted = _fingerprint(ROOT / "requirements.lock" if kind == "run" else lock)
    stamps = [venv_folder() / f".anxin-{name}" for name in (("run", "dev") if kind == "run" else ("dev",))]
    with (ROOT / "pyproject.toml").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # `make run` and `make test` at once: the second waits, then finds it done
        make_venv()
        if any(_stamped(stamp, kind, wanted) for stamp in stamps):
            build_front_end()
            return
        count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
        print(f"Installing {count} packages (once; about a minute) ...", flush=True)
        started = time.monotonic()
        pip = [str(environment_python()), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _install([*pip, "--retries=2", "--require-hashes", "-r", str(lock)])
        build_front_end()
        # The lock holds the build tools too: nothing is downloaded a second time into a place of pip's own.
        _install([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        stamp = venv_folder() / f".anxin-{kind}"
        stamp.write_text(wanted)
        print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def build_front_end() -> None:
    """Build what changed since the last time; quick when nothing did."""
    code, output = _run([str(environment_python()), str(ROOT / "web" / "frontend" / "build_hook.py")])
    if code != 0:
        raise Unready(output.strip(), "Then run the same command again.")
    if "up to date" not in output:
        print(output.strip(), flush=True)


def browser() -> None:
    """Find a Chromium for the browser tests, or install Debian's where that is allowed."""
    found = find_browser()
    if found:
        print(f"Browser tests use {found}.", flush=True)
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium and a Chinese font for the browser tests (once) ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        _run([*apt, "update"], environment)
        code, output = _run([*apt, "install", "-y", "--no-install-recommends", "chromium", FONTS], environment)
        if code == 0 and find_browser():
            return
        sys.stderr.write(output[-1500:])
    raise Unready(
        "No Chromium was found, and it cannot be installed from here.",
        "Install it (Debian: sudo apt install chromium fonts-noto-cjk), then: make test",
    )


def test(arguments: list[str]) -> int:
    """Run every test; where no browser can be had, say loudly what was not run, and fail when that is CI."""
    command = [str(environment_python()), "-m", "pytest", "-n", os.environ.get("ANXIN_TEST_JOBS") or "2", *arguments]
    missing = None
    try:
        browser()
    except Unready as fault:
        if os.environ.get("CI"):
            raise
        missing = fault  # the browser tests skip themselves
    code = subprocess.run(command, cwd=str(ROOT), check=False).returncode
    if missing is not None:
        line = "!" * 100
        sys.stderr.write(f"\n{line}\n  NOT RUN: the browser tests. {missing.args[0]}\n  {missing.args[1]}\n{line}\n")
    return code


def find_browser() -> str:
    """The first Chromium on this machine; ANXIN_CHROMIUM names another; empty when there is none."""
    names = [os.environ.get("ANXIN_CHROMIUM", ""), *BROWSERS]
    return next((path for path in map(shutil.which, filter(None, names)) if path), "")


def doctor() -> int:
    """Check what `anxin doctor` cannot: whether it can be installed at all."""
    steps = [
        (f"Python {sys.version_info[0]}.{sys.version_info[1]}", require_python),
        (f"the folder {venv_folder().parent} can be written", require_folder),
    ]
    if not (venv_folder() / ".anxin-run").exists() and not (venv_folder() / ".anxin-dev").exists():
        steps += [("the environment", make_venv), ("the package registry answers", _reach_registry)]
    bad = False
    for name, check in steps:
        try:
            check()
            print(f"  ok     {name}", flush=True)
        except Unready as fault:
            bad = True
            print(f"  WRONG  {fault.args[0]}\n         Next step: {fault.args[1]}", flush=True)
    if not (venv_folder() / "bin" / "anxin").exists():
        print("  WRONG  Anxin is not installed.\n         Next step: make install", flush=True)
        return 1
    return 1 if bad else 0


def lock() -> None:
    """Write both lock files anew from pyproject.toml: hashed, for every platform, without registry addresses."""
    with tempfile.TemporaryDirectory() as folder:
        _install([sys.executable, "-m", "venv", folder])
        _install([f"{folder}/bin/pip", "--disable-pip-version-check", "install", "--quiet", UV])
        for name, extras in (("requirements.lock", ("build",)), ("requirements-dev.lock", ("build", "dev"))):
            command = [f"{folder}/bin/uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal"]
            command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
            command += ["--no-header", "--upgrade", "-o", name]
            for extra in extras:
                command += ["--extra", extra]
            _install(command)
            print(f"Wrote {name}.", flush=True)


def _reach_registry() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pip = [str(environment_python()), "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        _install([*pip, "--no-cache-dir", "--no-deps", "--retries=1", "-d", folder, "pluggy==1.7.0"])


def _stamped(stamp: Path, kind: str, wanted: str) -> bool:
    if not stamp.exists():
        return False
    if stamp.name == ".anxin-dev" and kind == "run":
        wanted = _fingerprint(ROOT / "requirements-dev.lock")  # the dev lock holds everything of the other
    return stamp.read_text() == wanted


def _fingerprint(lock_file: Path) -> str:
    digest = hashlib.sha256()
    for path in (lock_file, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def _install(command: list[str]) -> None:
    code, output = _run(command)
    if code == 0:
        return
    if any(sign in output for sign in NO_NETWORK):
        raise Unready(
            "The packages cannot be downloaded: no package registry answers (no network?).",
            "Connect to the network, or point pip at a registry you reach (pip config set global.index-url ...), "
            "then run the same command again; what is already downloaded is kept.",
        )
    if "No space left on device" in output:
        raise Unready("The disk is full.", f"Free about 1 GB for {venv_folder()}, then run the same command again.")
    lines = [line for line in output.splitlines() if not line.startswith("WARNING: Location")]
    raise Unready("The packages cannot be installed:\n{}".format("\n".join(lines)[-2500:]), "Read the lines above.")


def _run(command: list[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def act(action: str, arguments: list[str]) -> int:
    """Do one thing."""
    if action == "doctor":
        return doctor()
    require_python()
    if action == "test":
        return test(arguments)
    if action == "lock":
        lock()
    elif action in {"run", "dev"}:
        require_folder()
        install(action)
    else:
        raise Unready(f"Unknown: {action}.", "Use one of: run, dev, test, doctor, lock.")
    return 0


def main(arguments: list[str]) -> int:
    """Do one thing; a fault is two plain lines and exit code 1."""
    try:
        return act(arguments[0] if arguments else "run", arguments[1:])
    except Unready as fault:
        sys.stderr.write(f"\n{fault.args[0]}\n  Next step: {fault.args[1]}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; the same command goes on from here.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
