"""Groups of patients: the document names none, so these are the two that its rules on risk and consent need."""

from plugins.aesthetics.customers import CAUTIONS
from plugins.api import AnyOf, Cmp, Has, Segment, Tree, both, hookimpl

LAW_20 = "医疗美容服务管理办法 第二十条"
_CAREFUL: Tree = AnyOf(of=tuple(Cmp(field=f"pet.{key}", op="eq", value=True) for key, _ in CAUTIONS))


@hookimpl
def segments() -> tuple[Segment, ...]:
    """Return who is seen by a doctor first, and who needs a guardian."""
    return (
        Segment(
            id="careful",
            label=both("有禁忌或需医生评估", "To be assessed by a doctor"),
            about=both("登记了任一禁忌情况的求美者", "Patients with any contraindication on record"),
            tree=Has(field="pet", where=_CAREFUL),
            plan=both("先由医生面诊，再出方案", "A doctor sees them before a plan is made"),
            source=f"own design; {LAW_20}",
        ),
        Segment(
            id="minor",
            label=both("未成年人", "Under age"),
            about=both("须监护人签字同意", "A guardian has to sign"),
            tree=Has(field="pet", where=Cmp(field="pet.minor", op="eq", value=True)),
            plan=both("请监护人一同到院，签署知情同意书", "Ask the guardian to come along and to sign the consent"),
            source=LAW_20,
        ),
    )
