"""Every hook has its page, with its exact signature, and no page is older than the code."""

from pathlib import Path
from typing import Any

import pytest

from core.hooks.kinds import Spec, prefixed
from core.hooks.reference import pages, signature
from core.hooks.specs import SPECS
from core.hooks.specs.complaints import assess_complaint

DOCS = Path(__file__).parents[2] / "docs" / "hooks"


def test_the_pages_on_disk_are_those_of_the_code() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert written == pages(), "run: python -m core.hooks.reference docs/hooks"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_page_shows_the_exact_signature_and_says_what_a_fault_means(spec: Spec[Any]) -> None:
    page = pages()[f"{spec.name}.md"]
    assert signature(spec) in page
    assert spec.on_fault in page
    assert (spec.function.__doc__ or "").strip().splitlines()[0] in page


def test_a_signature_is_what_an_author_would_write() -> None:
    line = "async def assess_complaint(ctx: DecideContext, complaint: ComplaintFacts) -> Assessment | None: ..."
    assert signature(assess_complaint) == line


def test_the_index_lists_every_hook() -> None:
    for spec in SPECS:
        assert f"[{spec.name}]({spec.name}.md)" in pages()["index.md"]


def test_ids_are_prefixed_once_and_never_with_another_name() -> None:
    assert prefixed("petclinic", "intake") == "petclinic.intake" == prefixed("petclinic", "petclinic.intake")
    for stolen in ("other.intake", "", "petclinic."):
        with pytest.raises(ValueError, match="id"):
            prefixed("petclinic", stolen)
