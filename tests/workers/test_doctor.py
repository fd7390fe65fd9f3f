"""Every start that fails says why and what to do; `anxin doctor` finds each of these faults before the start."""

import ast
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import asyncpg
import pip
import pytest
from click.testing import CliRunner, Result

from core.migrations.roles import driver_dsn
from workers import bootstrap
from workers.cli import db, doctor, evidence, run
from workers.cli.main import anxin
from workers.embedded import diagnosis
from workers.embedded.faults import FolderError, OpenWallError, PortTakenError, ServerDownError, StartupError
from workers.embedded.network import network_address, require_port
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.processes import FolderLock

ROOT = Path(__file__).resolve().parent.parent.parent
SERVERS = ("DATABASE_URL", "WORKER_DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "HOST", "PORT", "VAR", "DEMO")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SERVERS:
        monkeypatch.delenv(name, raising=False)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def examine(var: Path, environment: dict[str, str] | None = None, *, port: int | None = None) -> Result:
    arguments = ["--var", str(var), "--host", "127.0.0.1", "--port", str(port or a_free_port())]
    return CliRunner().invoke(doctor.command, arguments, env=environment, catch_exceptions=False)


def test_a_machine_where_nothing_runs_yet_is_sound(server_folder: Path) -> None:
    result = examine(server_folder / "var")
    assert result.exit_code == 0, result.output
    assert "is made at the first start" in result.output
    assert not (server_folder / "var").exists(), "looking changes nothing"


def test_a_stopped_installation_is_examined_by_a_short_start(server_folder: Path) -> None:
    assert CliRunner().invoke(db.command, ["migrate", "--var", str(server_folder)]).exit_code == 0
    result = examine(server_folder)
    assert result.exit_code == 0, result.output
    for line in ("answers anxin_app", "answers anxin_worker", "walls between tenants stand"):
        assert line in result.output


def test_a_taken_port_is_named_with_a_free_one(server_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = examine(server_folder / "var", port=port)
        with pytest.raises(PortTakenError) as caught:
            require_port("127.0.0.1", port)
    assert result.exit_code == 1
    assert f"Port {port} on 127.0.0.1 is taken" in result.output
    assert "make run PORT=" in caught.value.next_step


def test_a_folder_that_cannot_be_written_is_named() -> None:
    result = examine(Path("/proc/anxin"))
    assert result.exit_code == 1
    assert "The data folder /proc/anxin cannot be written" in result.output
    assert "VAR=/another/folder" in result.output


def test_a_full_disk_is_named(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_DISK", 2**62)
    result = examine(server_folder)
    assert result.exit_code == 1
    assert "the database stops when it is full" in result.output


def test_damaged_data_is_named(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder, fast=True)
    server.start()
    server.stop()
    (server_folder / "postgres" / "data" / "global" / "pg_control").unlink()
    result = examine(server_folder)
    assert result.exit_code == 1
    assert "lost its control file" in result.output
    assert "Restore the folder from a backup" in result.output


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DATABASE_URL", "postgresql://anxin_app:x@127.0.0.1:9/anxin", "The database of DATABASE_URL does not answer"),
        ("REDIS_URL", "redis://127.0.0.1:9/0", "The queue does not answer"),
    ],
)
def test_a_real_server_that_does_not_answer_is_named(
    variable: str, value: str, message: str, server_folder: Path
) -> None:
    result = examine(server_folder, {variable: value})
    assert result.exit_code == 1
    assert message in result.output


def test_a_login_that_sees_every_tenant_is_refused(server_folder: Path, postgres: Dsns, valkey: str) -> None:
    urls = {"DATABASE_URL": postgres.admin, "WORKER_DATABASE_URL": postgres.worker, "REDIS_URL": valkey}
    result = examine(server_folder, urls)
    assert result.exit_code == 1
    assert "may see every tenant's rows" in result.output


def test_real_servers_that_answer_are_sound_and_nothing_is_embedded(
    server_folder: Path, postgres: Dsns, valkey: str
) -> None:
    urls = {
        "DATABASE_URL": postgres.app.replace("postgresql+asyncpg", "postgres"),
        "WORKER_DATABASE_URL": postgres.worker,
        "MIGRATE_DATABASE_URL": postgres.migrator,
        "REDIS_URL": valkey,
    }
    result = examine(server_folder, urls)
    assert result.exit_code == 0, result.output
    assert "The queue answers (valkey" in result.output
    assert not (server_folder / "postgres").exists()
    assert not (server_folder / "valkey").exists()


def test_a_second_start_says_that_one_is_running_and_where(server_folder: Path) -> None:
    lock = FolderLock(server_folder / "anxin.lock")
    with ExitStack() as stack:
        lock.take("Anxin")
        stack.callback(lock.release)
        (server_folder / "address").write_text("http://localhost:8000/\n")
        result = CliRunner().invoke(run.command, ["--var", str(server_folder)])
    assert isinstance(result.exception, StartupError)
    assert str(os.getpid()) in result.exception.problem
    assert "http://localhost:8000/" in result.exception.problem


def test_a_start_with_a_queue_that_is_away_says_so_and_leaves_nothing_running(
    server_folder: Path, postgres: Dsns
) -> None:
    environment = {
        "DATABASE_URL": postgres.app,
        "WORKER_DATABASE_URL": postgres.worker,
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    options = ["--var", str(server_folder), "--host", "127.0.0.1", "--port", str(a_free_port())]
    result = CliRunner().invoke(run.command, options, env=environment)
    assert isinstance(result.exception, ServerDownError)
    assert "REDIS_URL" in result.exception.problem
    assert not list(server_folder.glob("*.pid"))


def test_a_real_database_without_the_worker_s_login_is_refused_before_anything_starts(
    server_folder: Path, postgres: Dsns, valkey: str
) -> None:
    environment = {"DATABASE_URL": postgres.app, "REDIS_URL": valkey}
    options = ["--var", str(server_folder), "--host", "127.0.0.1", "--port", str(a_free_port())]
    result = CliRunner().invoke(run.command, options, env=environment)
    assert isinstance(result.exception, ServerDownError)
    assert "WORKER_DATABASE_URL" in result.exception.problem
    assert "WORKER_DATABASE_URL is not set" in examine(server_folder, environment).output


def test_nothing_starts_while_a_wall_between_tenants_is_open(
    server_folder: Path, new_database: Callable[[], Dsns], valkey: str
) -> None:
    dsns = new_database()

    async def open_a_wall() -> None:
        connection = await asyncpg.connect(driver_dsn(dsns.admin))
        try:
            await connection.execute("ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY")
        finally:
            await connection.close()

    asyncio.run(open_a_wall())
    environment = {"DATABASE_URL": dsns.app, "WORKER_DATABASE_URL": dsns.worker, "REDIS_URL": valkey}
    options = ["--var", str(server_folder), "--host", "127.0.0.1", "--port", str(a_free_port())]
    result = CliRunner().invoke(run.command, options, env=environment)
    assert isinstance(result.exception, OpenWallError)
    assert "row-security-not-forced: audit_entry" in result.exception.problem
    examined = examine(server_folder, environment)
    assert examined.exit_code == 1
    assert "walls between tenants are open: row-security-not-forced audit_entry" in examined.output


def test_migrating_a_real_server_without_the_right_login_says_which_variable_is_missing(
    server_folder: Path, postgres: Dsns
) -> None:
    result = CliRunner().invoke(
        db.command, ["migrate", "--var", str(server_folder)], env={"DATABASE_URL": postgres.app}
    )
    assert isinstance(result.exception, ServerDownError)
    assert "MIGRATE_DATABASE_URL" in result.exception.problem


def test_a_question_about_data_that_was_never_kept_begins_none(server_folder: Path) -> None:
    nowhere = {"DATABASE_URL": "", "REDIS_URL": ""}
    asked = ["verify", "--tenant", "dongying", "--var", str(server_folder)]
    result = CliRunner().invoke(evidence.command, asked, env=nowhere)
    assert isinstance(result.exception, FolderError)
    assert "make run" in result.exception.next_step
    assert not EmbeddedPostgres(server_folder).holds_data


def test_a_fault_reaches_the_terminal_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli.main", "run", "--var", "/proc/anxin"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Next step:" in done.stderr


def test_every_module_of_the_command_line_is_a_command() -> None:
    result = CliRunner().invoke(anxin, ["--help"])
    assert result.exit_code == 0
    for name in ("db", "doctor", "run"):
        assert name in result.output


def test_an_address_for_the_phone_is_found_without_sending_anything() -> None:
    assert network_address("127.0.0.1") == "127.0.0.1"
    script = "from workers.embedded.network import network_address; print(network_address('0.0.0.0'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip()


def bootstrap_says(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "npm_config_"))}
    return subprocess.run(
        [sys.executable, str(ROOT / "workers" / "bootstrap.py"), *arguments],
        env={**kept, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_no_network_is_a_plain_sentence(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)  # borrows this one's pip: making one takes seconds
    packages = next((tmp_path / "venv" / "lib").iterdir()) / "site-packages"
    (packages / "pip").symlink_to(Path(pip.__file__).parent)
    done = bootstrap_says(
        "run",
        VENV=str(tmp_path / "venv"),
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_CONFIG_FILE=os.devnull,
        PIP_NO_CACHE_DIR="1",
    )
    assert done.returncode == 1
    assert "no package registry answers (no network?)" in done.stderr
    assert "Next step: Connect to the network" in done.stderr


def test_a_checkout_that_cannot_be_written_is_a_plain_sentence() -> None:
    done = bootstrap_says("run", VENV="/proc/anxin/venv")
    assert done.returncode == 1
    assert "The folder /proc/anxin cannot be written" in done.stderr


def test_an_old_python_is_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    monkeypatch.setattr(bootstrap, "NEWER", ("no-such-python",))
    with pytest.raises(bootstrap.Unready, match=r"needs Python 3\.11 or newer") as caught:
        bootstrap.require_python()
    assert "make run PYTHON=" in caught.value.args[1]


def test_the_bootstrap_can_be_read_by_python_3_7() -> None:
    source = (ROOT / "workers" / "bootstrap.py").read_text()
    ast.parse(source, feature_version=(3, 7))


def test_an_npm_registry_out_of_reach_is_one_plain_sentence(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "web" / "frontend", tmp_path / "web" / "frontend", ignore=shutil.ignore_patterns("node_modules")
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "web" / "frontend" / "build_hook.py")],
        env={**os.environ, "npm_config_registry": "http://127.0.0.1:9/", "npm_config_cache": str(tmp_path / "cache")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "the npm registry is out of reach (ECONNREFUSED)" in done.stderr


def test_a_missing_holiday_year_is_a_note_from_december_on() -> None:
    assert [finding.state for finding in diagnosis.holidays(date(2026, 11, 30))] == ["ok"]
    (late,) = diagnosis.holidays(date(2029, 12, 1))
    assert late.state == "note"
    assert "2029" in late.text
