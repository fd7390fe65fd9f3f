"""Each import contract holds, and breaks when somebody breaks it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house_rules import PACKAGES, ROOT

# contract -> (module to write, its source)
BREAKS = {
    "layers": ("core/broken.py", "import tenants.roles"),
    "plugin-layers": ("plugins/api/broken.py", "import plugins.testing"),
    "verticals-know-the-api-only": ("plugins/petclinic/broken.py", "import core.db"),
    "nobody-knows-a-vertical": ("tenants/broken.py", "import plugins.petclinic"),
    "no-transport-in-the-domain": ("tenants/broken.py", "import litestar"),
    "rules-are-pure": ("core/audit/rules.py", "import core.db"),
    "hooks-know-no-area": ("core/hooks/broken.py", "import core.uow"),
    "no-circles": ("core/audit/broken.py", "import core.uow"),
}


def _lint(folder: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    wanted = ["--contract", contract] if contract else []
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    return subprocess.run([*command, *wanted], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("node_modules", "static", "*.pyc")
        )
    return tmp_path


def test_every_contract_has_a_break_that_proves_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    contracts = [line.split('"')[1] for line in text.splitlines() if line.startswith('id = "')]
    assert sorted(contracts) == sorted(BREAKS)


@pytest.mark.parametrize("contract", sorted(BREAKS))
def test_a_contract_breaks_when_somebody_breaks_it(tree: Path, contract: str) -> None:
    place, line = BREAKS[contract]
    kept = _lint(tree, contract)
    assert kept.returncode == 0, kept.stdout
    target = tree / place
    target.write_text(target.read_text() + f"\n{line}\n" if target.exists() else f"{line}\n")
    broken = _lint(tree, contract)
    assert broken.returncode == 1, broken.stdout
    assert "BROKEN" in broken.stdout
