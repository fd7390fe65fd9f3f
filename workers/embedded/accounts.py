"""Which account the embedded servers run as, and whether it can enter a folder."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from workers.embedded.faults import StartupError

# PostgreSQL refuses to run as root. These accounts exist on common images; the first that exists is used.
CANDIDATES = ("postgres", "anxin", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """An existing unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


class Identity(TypedDict, total=False):
    """The arguments of subprocess that give a child its account."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account | None) -> Identity:
    """How to start a child as that account; nothing to say when it runs as ourselves."""
    return Identity() if account is None else Identity(user=account.uid, group=account.gid, extra_groups=[])


def service_account(owner_of: Path | None = None) -> Account | None:
    """The account for the servers: None means "as ourselves" (we are not root).

    Args:
        owner_of: existing data; its owner keeps it, when that is not root.

    Raises:
        StartupError: root, and the machine has no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    if owner_of is not None and owner_of.exists() and (uid := owner_of.stat().st_uid) != 0:
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return Account(str(uid), uid, owner_of.stat().st_gid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise StartupError(
        "This is root, PostgreSQL refuses to run as root, and this machine has no unprivileged account.",
        "Add one (useradd --system anxin), or set DATABASE_URL to a server of your own.",
    )


def closed_folder(path: Path, account: Account | None) -> Path | None:
    """The first folder on the way to `path` that `account` may not enter; None when the way is open."""
    if account is None:
        return None
    groups = {account.gid, *_groups(account)}
    for folder in [*reversed(path.absolute().parents), path.absolute()]:
        if not folder.exists():
            return None
        info = folder.stat()
        if info.st_uid == account.uid:
            allowed = info.st_mode & stat.S_IXUSR
        elif info.st_gid in groups:
            allowed = info.st_mode & stat.S_IXGRP
        else:
            allowed = info.st_mode & stat.S_IXOTH
        if not allowed:
            return folder
    return None


def _groups(account: Account) -> list[int]:
    try:
        return os.getgrouplist(account.name, account.gid)
    except (KeyError, OSError):
        return []
