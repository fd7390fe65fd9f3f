"""The three types of calcium need, each with what its people are offered."""

from plugins.api import All, AnyOf, Cmp, Has, In, Not, Segment, Tree, both, hookimpl

# "基础补钙型"(无明显缺钙症状的健康人群)、"治疗辅助型"(骨质疏松患者)、"场景应急型"(健身人群、孕妇)
SOURCE = "2025年钙片行业企业客户服务质量提升·大数据支撑的精准需求匹配"
PURPOSE = "pet.calcium_purpose"
TREATMENT: Tree = AnyOf(
    of=(Cmp(field=PURPOSE, op="eq", value="treatment"), Cmp(field="pet.osteoporosis", op="eq", value=True))
)
SITUATION: Tree = AnyOf(
    of=(In(field=PURPOSE, values=("sport", "pregnancy")), Cmp(field="pet.pregnant", op="eq", value=True))
)


@hookimpl
def segments() -> tuple[Segment, ...]:
    """基础补钙型、治疗辅助型、场景应急型: a household is in every type that one of its members has."""
    return (
        Segment(
            id="basic",
            label=both("基础补钙型", "Basic supply"),
            about=both("无明显缺钙症状的健康人群", "Healthy people without signs of a lack of calcium"),
            tree=Has(field="pet", where=All(of=(Has(field=PURPOSE), Not(of=TREATMENT), Not(of=SITUATION)))),
            plan=both("补钙科普手册、饮食建议", "A guide to calcium, and advice on food"),
            source=SOURCE,
        ),
        Segment(
            id="treatment",
            label=both("治疗辅助型", "Beside a treatment"),
            about=both("骨质疏松患者", "People with osteoporosis"),
            tree=Has(field="pet", where=TREATMENT),
            plan=both("骨密度检测合作机构", "Partners who measure bone density"),
            source=SOURCE,
        ),
        Segment(
            id="situation",
            label=both("场景应急型", "By situation"),
            about=both("健身人群、孕妇", "People who train, and pregnant women"),
            tree=Has(field="pet", where=All(of=(SITUATION, Not(of=TREATMENT)))),
            plan=both("运动后补钙时间建议", "When to take calcium after sport"),
            source=SOURCE,
        ),
    )
