"""The consent before surgery and anaesthesia: each risk with what is done against it, acknowledged one by one."""

from plugins.api import (
    BoolField,
    ChoiceField,
    Field,
    FlagRule,
    Form,
    NoteField,
    Option,
    SignatureField,
    Text,
    TextField,
    both,
)
from plugins.petclinic.forms.parts import (
    SIGNERS,
    STRATEGY,
    owner_name,
    owner_phone,
    pet_name,
    section,
    species,
    when,
)

SURGERY_CONSENT = "petclinic.surgery_consent"
# 2025东营宠物诊所客户服务策略 §3.5.1: 对手术、用药等有风险的项目，签署“知情同意书”，详细说明“可能的风险及应对措施”，避免“隐瞒风险”
SOURCE = f"{STRATEGY} §3.5.1"
_READ = both("我已阅读并理解", "I have read this and understand it")


def _risk(key: str, risk: Text, countermeasure: Text) -> BoolField:
    return BoolField(key=key, label=_READ, required=True, risk=risk, countermeasure=countermeasure)


_ABOUT: tuple[Field, ...] = (
    pet_name(),
    species(),
    TextField(
        key="operation",
        label=both("手术或操作名称", "Operation or procedure"),
        help=both("由医生告知，例如：母猫绝育术。", "As the vet names it, e.g. spaying of a cat."),
        required=True,
        max_length=120,
    ),
)
# The words are ours; the document asks that risks and countermeasures be told, without a list.
_RISKS: tuple[Field, ...] = (
    _risk(
        "risk_anaesthesia",
        both(
            "麻醉意外：可能出现呼吸抑制、血压下降、心律失常、苏醒延迟，老年、幼龄和肥胖宠物风险更高。",
            "Anaesthesia: breathing may become shallow, blood pressure fall, the heartbeat turn irregular, waking take long; old, young and overweight animals are at higher risk.",
        ),
        both(
            "术前做健康评估（老年、幼龄宠物加查血压和心电图），术中全程监测心率、血氧、呼吸和体温，备有急救药品和氧气，由专人看护到苏醒。",
            "Health is assessed beforehand (blood pressure and ECG for old and young animals); heart rate, oxygen, breathing and temperature are watched throughout; emergency drugs and oxygen are at hand; a nurse stays until the animal is awake.",
        ),
    ),
    _risk(
        "risk_bleeding",
        both(
            "术中或术后出血，严重时可能需要输血或再次手术。",
            "Bleeding during or after surgery; if severe, a transfusion or second operation may be needed.",
        ),
        both(
            "术前检查血常规和凝血，术中仔细止血，术后观察伤口和黏膜颜色；出血时立即处理并通知您。",
            "Blood count and clotting are checked before, vessels are closed with care, wound and gums are watched after; in case of bleeding we act at once and call you.",
        ),
    ),
    _risk(
        "risk_infection",
        both("伤口感染、愈合不良或裂开。", "The wound may become infected, heal badly or open."),
        both(
            "无菌操作，必要时使用抗生素；请按护理手册让宠物戴好伊丽莎白圈、保持伤口干燥，并按时复查。",
            "We work sterile and give antibiotics when needed; keep the collar on and the wound dry as the care handbook says, and come to the check-ups.",
        ),
    ),
    _risk(
        "risk_drugs",
        both(
            "药物过敏或不良反应，如呕吐、皮疹、休克。",
            "Allergic or adverse reactions to drugs, such as vomiting, rash or shock.",
        ),
        both(
            "请如实告知过敏史和正在使用的药物；用药后留院观察，一旦出现反应立即停药并抢救。",
            "Tell us about allergies and drugs taken; the animal is observed after medication, and at any reaction we stop the drug and treat it at once.",
        ),
    ),
    _risk(
        "risk_hidden",
        both(
            "术中可能发现术前未查出的病变，需要改变或扩大手术。",
            "The operation may reveal a disease that was not seen before, and may have to be changed or extended.",
        ),
        both(
            "除危及生命的紧急情况外，先电话征得您的同意；预计费用超出三成时重新告知并签字。",
            "Unless life is in danger we call you first; if the cost would exceed the estimate by three tenths we tell you and ask for your signature again.",
        ),
    ),
    _risk(
        "risk_death",
        both(
            "极少数情况下，宠物可能在麻醉、手术中或术后死亡。",
            "In rare cases the animal may die under anaesthesia, during the operation or after it.",
        ),
        both(
            "全程按抢救预案准备，发生危急情况立即抢救并第一时间通知您；您可以查看手术和监护记录。",
            "A resuscitation plan stands ready; in a crisis we act and call you at once; you may see the records of surgery and monitoring.",
        ),
    ),
)
_CHOICES: tuple[Field, ...] = (
    ChoiceField(
        key="rescue",
        label=both("如发生心跳呼吸骤停", "If heart or breathing stop"),
        required=True,
        options=(
            Option("yes", both("请全力抢救", "Please try everything")),
            Option("call", both("请先联系我，联系不上时抢救", "Call me first; if you cannot reach me, resuscitate")),
            Option("no", both("不做心肺复苏", "Do not resuscitate")),
        ),
    ),
    TextField(
        key="emergency_phone",
        label=both("手术当天能接通的电话", "Phone that is answered on that day"),
        required=True,
        max_length=20,
        input="tel",
    ),
)
_SIGNER: tuple[Field, ...] = (
    owner_name(),
    owner_phone(),
    ChoiceField(key="signer_role", label=both("签字人身份", "Who signs"), required=True, options=SIGNERS),
    TextField(
        key="signer_name",
        label=both("签字人姓名", "Name of the signer"),
        required=True,
        max_length=60,
    ),
    NoteField(
        key="withdrawal",
        text=both(
            "手术开始前，您可以随时撤回本同意书。",
            "Until the operation begins you may withdraw this consent at any time.",
        ),
        tone="info",
    ),
    SignatureField(
        key="signature",
        label=both("签名", "Signature"),
        required=True,
        text=both(
            "医生已向我说明病情、手术方式、可能的风险及应对措施，我的疑问已得到解答，同意实施上述手术和麻醉。",
            "The vet has explained the condition, the operation, its possible risks and what is done against them, and has answered my questions. I agree to the operation and the anaesthesia named above.",
        ),
        signer_key="signer_name",
        role_key="signer_role",
    ),
)

FORM = Form(
    id="surgery_consent",
    title=both("手术麻醉知情同意书", "Consent to surgery and anaesthesia"),
    purpose="consent",
    intro=both(
        "请逐条阅读可能的风险及应对措施，有疑问先问医生，再签字。",
        "Read each risk and what is done against it. Ask the vet whatever is unclear before you sign.",
    ),
    fields=(*_ABOUT, *_RISKS, *_CHOICES, *_SIGNER),
    sections=(
        section("about", "手术", "The operation", _ABOUT),
        section("risks", "可能的风险及应对措施", "Risks and what is done against them", _RISKS),
        section("choices", "您的决定", "Your decisions", _CHOICES),
        section("signer", "签字", "Signature", _SIGNER),
    ),
    flags=(
        FlagRule(
            id="no_cpr",
            title=both("不做心肺复苏", "Do not resuscitate"),
            reason=both("主人在同意书中作出此决定。", "The owner decided so in the consent."),
            when=when("rescue", "no"),
            tone="warning",
            source=SOURCE,
        ),
    ),
)
