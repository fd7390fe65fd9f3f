"""A level never vanishes because a plugin failed."""

from core.complaints.rules.filing import reach_verdict
from core.hooks.records.complaints import Assessment, Reason

SLIGHT = Reason(code="petclinic.no_harm_found", severity="L1", text="未发现实质损害后果")


def test_a_fault_or_timeout_of_the_only_assessor_means_the_gravest_level_with_the_reason() -> None:
    verdict = reach_verdict([], faulted=True)
    assert (verdict.severity, [one.code for one in verdict.reasons]) == ("L3", ["core.not_assessed"])


def test_a_fault_of_one_assessor_is_not_outvoted_by_a_mild_reading_of_another_whose_reasons_stay() -> None:
    verdict = reach_verdict([Assessment(severity="L1", category="petclinic.fees", reasons=(SLIGHT,))], faulted=True)
    assert (verdict.severity, verdict.category) == ("L3", "petclinic.fees")
    assert [one.code for one in verdict.reasons] == ["petclinic.no_harm_found", "core.not_assessed"]


def test_without_any_assessor_it_starts_slight_and_says_so() -> None:
    verdict = reach_verdict([], faulted=False)
    assert (verdict.severity, [one.code for one in verdict.reasons]) == ("L1", ["core.no_sign"])
