"""What production is made of exists: images, commands, variables and files named in compose.yaml and Dockerfile."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from workers.cli.main import anxin

ROOT = Path(__file__).resolve().parent.parent.parent
OUR_CODE = ("core", "tenants", "web", "workers")
# Read by the images' own entry points, not by us.
IMAGES_OWN = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def our_sources() -> str:
    files = [*(path for name in OUR_CODE for path in (ROOT / name).rglob("*.py")), *(ROOT / "deploy").iterdir()]
    return "\n".join(path.read_text() for path in files)


def test_compose_has_every_part_and_each_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"web", "worker", "setup", "pgbouncer", "postgres", "valkey"}
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services) - {name}
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[other]


def test_every_variable_of_compose_is_read_by_somebody(compose: dict[str, Any], our_sources: str) -> None:
    for name, service in compose["services"].items():
        for variable in service.get("environment", {}):
            assert variable in IMAGES_OWN or re.search(rf"\b{variable}\b", our_sources), f"{name}: {variable}"


def test_every_command_of_compose_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        command = service.get("command", [])
        if command[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(command[2]) is not None, command
    _, _, script = compose["services"]["setup"]["command"]
    for part in script.split(" && "):
        program, *arguments = part.split()
        assert program == "anxin"
        assert CliRunner().invoke(anxin, [*arguments, "--help"]).exit_code == 0, part


def test_web_and_worker_reach_the_database_through_the_pooler_and_the_migrator_does_not(
    compose: dict[str, Any],
) -> None:
    for name in ("web", "worker"):
        environment = compose["services"][name]["environment"]
        assert "@pgbouncer:6432/" in environment["DATABASE_URL"]
        assert "anxin_worker:" in environment["WORKER_DATABASE_URL"]
        assert "MIGRATE_DATABASE_URL" not in environment
        assert "ADMIN_DATABASE_URL" not in environment
    assert "@postgres:5432/" in compose["services"]["setup"]["environment"]["MIGRATE_DATABASE_URL"]
    pooler = (ROOT / "deploy" / "pgbouncer.ini").read_text()
    assert "pool_mode = transaction" in pooler


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text()
    used = re.findall(r"\$\{(\w+)(:\?|)", text)
    assert used
    assert all(demand == ":?" for _, demand in used)


def test_every_target_and_every_copied_file_of_the_image_exists(compose: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    targets = set(re.findall(r"^FROM .* AS (\w+)$", dockerfile, re.MULTILINE))
    for service in compose["services"].values():
        if "build" in service:
            assert service["build"]["target"] in targets
    for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE):
        *files, _ = [part for part in line.split() if not part.startswith("--")]
        assert all((ROOT / file).exists() for file in files), line
    modules = re.findall(r'"python", "-m", "([\w.]+)"', dockerfile)
    assert modules
    assert all(importlib.util.find_spec(module) for module in modules)
    assert "USER anxin" in dockerfile.split("AS anxin")[1], "nothing of ours runs as root"


def test_the_wheel_holds_pages_catalogues_and_migrations(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "web/static/manifest.json" in names
    assert "web/locale/zh_CN/LC_MESSAGES/messages.mo" in names
    assert "core/migrations/versions/0001_foundation.py" in names
    assert any(name.startswith("web/templates/") for name in names)
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "var/"))]


def test_locks_are_hashed_and_name_no_registry() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
        assert all("--hash=sha256:" in entry for entry in entries)
    for line in (ROOT / "web" / "frontend" / "package-lock.json").read_text().splitlines():
        assert '"resolved"' not in line


def test_every_pin_of_the_project_stands_in_the_locks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for name, wanted in (
        ("requirements.lock", project["dependencies"] + extras["build"]),
        ("requirements-dev.lock", project["dependencies"] + extras["build"] + extras["dev"]),
    ):
        pins = {line.split(" ")[0].lower() for line in (ROOT / name).read_text().splitlines() if "==" in line}
        missing = [pin for pin in wanted if re.sub(r"\[.*\]|;.*", "", pin).strip().lower() not in pins]
        assert not missing, f"{name} lacks {missing}: make lock"


def test_the_ci_script_can_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
