"""The two papers that are signed: consent to a treatment with every risk beside what is done against it, and consent to pictures."""

from collections.abc import Mapping
from typing import Any

from plugins.aesthetics.forms.parts import WHO, section, signer_fields
from plugins.api import (
    BoolField,
    Field,
    Form,
    FormProblem,
    MultiField,
    NoteField,
    Option,
    SignatureField,
    TextField,
    both,
)

CONSENT, PHOTO = "aesthetics.consent", "aesthetics.photo_consent"
_READ = both("我已阅读并理解", "I have read this and understand it")
_MINOR = BoolField(key="minor", label=both("求美者未满 18 周岁", "The patient is under 18"), profile="subject.minor")


def _told(key: str, zh: str, en: str, help_zh: str, help_en: str) -> TextField:
    return TextField(
        key=key, label=both(zh, en), help=both(help_zh, help_en), required=True, max_length=1000, multiline=True
    )


def _risk(key: str, risk: tuple[str, str], against: tuple[str, str]) -> BoolField:
    return BoolField(key=key, label=_READ, required=True, risk=both(*risk), countermeasure=both(*against))


_ABOUT: tuple[Field, ...] = (
    *WHO,
    _MINOR,
    TextField(key="treatment", label=both("治疗项目", "Treatment"), required=True, max_length=120),
)
# 医疗美容服务管理办法 第二十条: 适应症、禁忌症、医疗风险和注意事项, in writing and before the treatment
_TOLD: tuple[Field, ...] = (
    _told("indication", "适应症", "Indication", "由医生填写：为什么适合您。", "By the doctor: why it suits you."),
    _told("contraindication", "禁忌症", "Contraindications", "由医生填写：哪些情况不能做。", "By the doctor: when it must not be done."),
    _told("precautions", "注意事项", "Precautions", "术前术后要注意什么。", "What to mind before and after."),
)  # fmt: skip
# The words are ours, to be confirmed by the clinic's doctors; the law asks that risks be told, without a list.
_RISKS: tuple[Field, ...] = (
    _risk(
        "risk_swelling",
        ("肿胀、淤青、疼痛，一般会持续数天。", "Swelling, bruises and pain, usually for some days."),
        ("术后冷敷、按医嘱用药，48 小时内由专人回访。", "Cool it and take what is prescribed; we call you within 48 hours."),
    ),
    _risk(
        "risk_infection",
        ("感染、伤口愈合不良。", "Infection, or a wound that heals badly."),
        ("无菌操作，保持伤口清洁；红肿热痛加重立即联系我们，由医生处理。", "We work sterile; keep it clean. If redness or pain grows, call us at once: a doctor sees you."),
    ),
    _risk(
        "risk_scar",
        ("瘢痕、色素沉着，瘢痕体质者风险更高。", "Scars and dark spots; higher for people who tend to keloids."),
        ("术前评估体质，术后防晒和瘢痕护理，必要时由医生干预。", "We assess it before; sun protection and scar care after, and a doctor steps in when needed."),
    ),
    _risk(
        "risk_result",
        ("效果因人而异，可能不对称、达不到预期或需要再次调整。", "The result differs from person to person; it may be uneven, below what you hoped for, or need another correction."),
        ("术前用不少于三种对比案例说明，术后按时复诊，由医生评估是否调整。", "At least three comparison cases are shown before; at the check-ups a doctor judges whether to correct it."),
    ),
    _risk(
        "risk_anaesthesia",
        ("麻醉或药物过敏，严重时可能休克。", "Allergy to anaesthetics or drugs; in severe cases shock."),
        ("请如实告知过敏史；备有急救药品，治疗中全程监护。", "Tell us about allergies; emergency drugs are at hand and you are watched throughout."),
    ),
    _risk(
        "risk_vessel",
        ("注射类项目极少数可能发生血管栓塞，导致皮肤坏死或视力受损。", "In rare cases an injection may block a vessel, with damage to the skin or the sight."),
        ("由有资质的医生操作，备有溶解酶和急救预案；视物模糊、剧痛、皮肤发白请立即告知。", "Qualified doctors only, with hyaluronidase and an emergency plan at hand; tell us at once of blurred sight, severe pain or pale skin."),
    ),
)  # fmt: skip
_SIGN: tuple[Field, ...] = (
    *signer_fields(),
    NoteField(
        key="withdrawal",
        text=both(
            "治疗开始前，您可以随时撤回本同意书。",
            "Until the treatment begins you may withdraw this consent at any time.",
        ),
        tone="info",
    ),
    SignatureField(
        key="signature",
        label=both("签名", "Signature"),
        required=True,
        text=both(
            "医生已向我书面告知适应症、禁忌症、医疗风险和注意事项，我的疑问已得到解答，没有人向我保证效果，同意接受上述治疗。",
            "The doctor has told me in writing the indication, contraindications, risks and precautions, and has answered my "
            "questions. Nobody has guaranteed a result. I agree to the treatment named above.",
        ),
        signer_key="signer_name",
        role_key="signer_role",
    ),
)
CONSENT_FORM = Form(
    id="consent",
    title=both("医疗美容知情同意书", "Consent to a treatment"),
    purpose="consent",
    intro=both("请逐条阅读，有疑问先问医生，再签字。", "Read each line and ask the doctor whatever is unclear before you sign."),
    fields=(*_ABOUT, *_TOLD, *_RISKS, *_SIGN),
    sections=(
        section("about", "治疗", "The treatment", _ABOUT),
        section("told", "适应症、禁忌症与注意事项", "Indication, contraindications, precautions", _TOLD),
        section("risks", "医疗风险及应对措施", "Risks and what is done against them", _RISKS),
        section("sign", "签字", "Signature", _SIGN),
    ),
)  # fmt: skip

# 个人信息保护法 28-31: a picture of a face is sensitive, consent is separate and withdrawal as easy. 医疗美容广告执法指南:
# before and after side by side is not advertised, so being shown in public is not among the purposes.
_USES: tuple[Field, ...] = (
    *WHO,
    _MINOR,
    MultiField(
        key="purposes",
        label=both("同意照片用于", "My pictures may be used for"),
        required=True,
        options=(
            Option("record", both("病历与术前术后对比（仅本人和医护人员可见）", "My own record, before and after (myself and the staff)")),
            Option("comparison", both("在机构内面诊时作为对比案例给其他求美者看（隐去姓名、遮挡可识别特征）", "As a comparison case shown to other patients in the clinic, without name and unrecognisable")),
        ),
        min_rows=1,
    ),
    NoteField(
        key="never_public",
        text=both(
            "照片不会用于广告、网站、社交平台等任何公开场合。您可以随时撤回，撤回后立即停止使用。",
            "The pictures are never used in advertising, on a site or in social media. You may withdraw at any time; their use ends at once.",
        ),
        tone="info",
    ),
)  # fmt: skip
_PHOTO_SIGN: tuple[Field, ...] = (
    *signer_fields(),
    SignatureField(
        key="signature",
        label=both("签名", "Signature"),
        required=True,
        text=both(
            "我同意照片仅用于上面勾选的用途。",
            "I agree that my pictures are used for what is ticked above, and for nothing else.",
        ),
        signer_key="signer_name",
        role_key="signer_role",
    ),
)
PHOTO_FORM = Form(
    id="photo_consent",
    title=both("照片使用同意书", "Consent to pictures"),
    purpose="consent",
    fields=(*_USES, *_PHOTO_SIGN),
    sections=(section("uses", "用途", "Purposes", _USES), section("sign", "签字", "Signature", _PHOTO_SIGN)),
)


def find_in_consent(answers: Mapping[str, Any]) -> tuple[FormProblem, ...]:
    """A minor's paper is signed by the guardian: "no treatment without the guardian's consent" (第二十条)."""
    if answers.get("minor") is True and answers.get("signer_role") != "guardian":
        text = both("求美者未满 18 周岁，须由监护人签字", "The patient is under 18: the guardian has to sign")
        return (FormProblem(field="signer_role", code="guardian", text=text),)
    return ()
