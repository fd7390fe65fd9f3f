"""The example for vendors is built to a wheel, installed into a clean environment, and keeps gold there."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "guide" / "example-dental"
ROOT = Path(__file__).parents[2]
# No network: the wheel is local, and what the product itself needs comes by a .pth from where these tests run.
INDEX = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(*command: str, folder: Path, **more: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV_", "ANXIN_"))}
    done = subprocess.run(
        command, cwd=folder, env=environment | INDEX | more, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """The vendor's folder as a copy elsewhere, so that nothing of this repository is on the path by accident."""
    folder = tmp_path / "vendor"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("dist", "build", "__pycache__", "release.json"))
    return folder


def test_the_example_is_installed_from_its_wheel_and_keeps_gold(vendor: Path, tmp_path: Path) -> None:
    anxin = (sys.executable, "-m", "workers.cli.main", "plugin")
    wheel = Path(run(*anxin, "pack", folder=vendor, PYTHONPATH=str(ROOT)).split()[-1])
    wheel = wheel if wheel.is_absolute() else vendor / wheel
    names = zipfile.ZipFile(wheel).namelist()
    assert "anxin_dental/migrations/versions/0001_implant.py" in names

    run(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "clean"), folder=tmp_path)
    python = str(tmp_path / "clean" / "bin" / "python")
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])", folder=tmp_path).strip()
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, str(wheel), folder=tmp_path)
    product = f"{ROOT}\n{sysconfig.get_paths()['purelib']}\n"
    (Path(site) / "product.pth").write_text(product, encoding="utf-8")

    shutil.rmtree(vendor / "src")  # from here on only what was installed is there
    where = run(python, "-c", "import anxin_dental; print(anxin_dental.__file__)", folder=tmp_path).strip()
    assert where.startswith(site)
    listed = "from core.hooks.loader import found_plugins as f; print([c.name for c in f()])"
    assert "dental" in run(python, "-c", listed, folder=tmp_path)
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", folder=vendor)
    assert "passed" in said
    assert "skipped" not in said
    lint = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    assert "0 broken" in run(python, "-c", lint, folder=vendor)
