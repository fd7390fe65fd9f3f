"""Where the embedded servers keep data, sockets, secrets and logs under one VAR folder."""

import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workers.embedded.accounts import Account, closed_folder, service_account
from workers.embedded.faults import FolderError

# sockaddr_un holds 108 bytes with the closing NUL on Linux (104 on macOS); the longest socket name is
# ".s.PGSQL.5432.lock".
SOCKET_PATH_LIMIT = 103
SOCKET_NAME_LENGTH = len("/.s.PGSQL.5432.lock")
# Where servers started by root keep their files when their account cannot enter VAR (a clone under /root).
SHARED_HOME = Path("/var/lib/anxin")
POINTER = "servers-keep-their-files-in"


@dataclass(frozen=True)
class Places:
    """The folders of one installation; `note` tells when data lies outside VAR."""

    var: Path
    home: Path
    account: Account | None
    note: str = ""

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Sockets lie below: short enough for a socket address, else a private folder for temporary files."""
        inside = self.home / "run"
        if len(os.fsencode(inside / "postgres")) + SOCKET_NAME_LENGTH <= SOCKET_PATH_LIMIT:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path("/tmp") / f"anxin-{os.geteuid()}-{name}"  # noqa: S108 - checked by _own before use

    def folder_for(self, server: str) -> Path:
        """The 0700 folder for the server's data, owned by its account."""
        self._move_out()
        return self._private(self.home / server)

    def sockets_for(self, server: str) -> Path:
        """The 0700 folder for the server's socket, owned by its account."""
        self._move_out()
        _make(self.run, 0o755)
        _own(self.run, os.geteuid())
        return self._private(self.run / server)

    def _move_out(self) -> None:
        """Make the home outside VAR, when there is to be one, and remember it: from now on it stays."""
        if self.home == self.var or (self.var / POINTER).exists():
            return
        _make(self.home, 0o755)
        if self.account is not None and (closed := closed_folder(self.home, self.account)) is not None:
            raise FolderError(
                f"The servers run as '{self.account.name}' and may enter neither {self.var} nor {closed}.",
                f"Choose a folder that '{self.account.name}' can enter: make run VAR=/srv/anxin",
            )
        (self.var / POINTER).write_text(f"{self.home}\n")

    def _private(self, folder: Path) -> Path:
        _make(folder, 0o700)
        uid = os.geteuid() if self.account is None else self.account.uid
        if self.account is not None and folder.lstat().st_uid == 0:
            os.chown(folder, self.account.uid, self.account.gid)
        _own(folder, uid)
        folder.chmod(0o700)
        return folder


def find_places(var: Path) -> Places:
    """Make VAR and decide where the servers' files lie; what was decided once stays.

    Raises:
        FolderError: VAR cannot be made, written, or entered by the servers' account.
    """
    var = var.absolute()
    _make(var, 0o755 if os.geteuid() == 0 else 0o700)
    for folder in (var / "secrets", var / "log"):
        _make(folder, 0o700)
    _check_writable(var)
    pointer = var / POINTER
    if pointer.exists():
        home = Path(pointer.read_text().strip())
        note = f"The servers keep their files in {home}."
        return Places(var, home, service_account(home / "postgres"), note)
    account = service_account(var / "postgres")
    closed = closed_folder(var, account)
    if account is None or closed is None:
        return Places(var, var, account)
    home = SHARED_HOME / hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Places(
        var, home, account, f"'{account.name}' may not enter {closed}: the servers keep their files in {home}."
    )


def keep_secret(places: Places, name: str) -> str:
    """The secret of that name, made at the first call and kept in a 0600 file."""
    target = places.secrets / name
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if value := target.read_text().strip():
            return value
        raise FolderError(
            f"The secret {target} is empty.",
            "Put the file back from your backup; without it the data cannot be opened.",
        ) from None
    value = secrets.token_urlsafe(24)
    with os.fdopen(handle, "w") as out:
        out.write(value + "\n")
        out.flush()
        os.fsync(out.fileno())
    return value


def reachable_copy(root: Path, parts: tuple[str, ...], name: str, account: Account | None) -> Path:
    """`root`, or a copy of its `parts` that `account` can execute when it cannot enter `root`."""
    if closed_folder(root / parts[0], account) is None:
        return root
    target = SHARED_HOME / name
    if not target.exists():
        _make(SHARED_HOME, 0o755)
        draft = Path(tempfile.mkdtemp(dir=SHARED_HOME))
        for part in parts:
            shutil.copytree(root / part, draft / part, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:  # another start was faster: its copy is as good
            shutil.rmtree(draft)
    return target


def _make(folder: Path, mode: int) -> None:
    try:
        missing = [part for part in (folder, *folder.parents) if not part.exists()]
        for part in reversed(missing):
            part.mkdir(mode=mode, exist_ok=True)
            part.chmod(mode)
    except OSError as error:
        raise FolderError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Choose a folder you may write: make run VAR=/another/folder",
        ) from error


def _check_writable(var: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=var) as probe:
            probe.write(b"x")
        next(iter((var / "secrets").iterdir()), None)
    except OSError as error:
        raise FolderError(
            f"The folder {var} cannot be written: {error.strerror}.",
            "Choose a folder you may write (make run VAR=/another/folder), or run as the folder's owner.",
        ) from error


def _own(folder: Path, uid: int) -> None:
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != uid:
        raise FolderError(
            f"The folder {folder} belongs to somebody else (account number {info.st_uid}).",
            "Run as the account that made it, or choose another folder: make run VAR=/another/folder",
        )
