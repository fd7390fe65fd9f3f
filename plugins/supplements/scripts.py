"""What the shop says after a complaint: understanding first; and the claims that health food must not make."""

from plugins.api import Script, WordRule, both, hookimpl
from plugins.supplements.complaints import EFFICACY, HEALTH, ORDER, SIMPLE

GUIDE = "2025年钙片行业企业客户服务质量提升"
TRAINING = "宠物服务业投诉处理培训与发展"
OWN = "own design"
LAW_18, LAW_17, LAW_9 = "广告法 第十八条", "广告法 第十七条", "广告法 第九条"

SCRIPTS = (
    Script(
        id="empathy_first",
        label=both("共情：先听客户说", "Understanding: listen first"),
        text=both(
            "{customer}您好，我理解您的感受，这确实让人着急。我是{me}，您的投诉 {number} 由我跟进，{due} 前给您答复。",
            "Dear {customer}, I understand how you feel; this is upsetting. I am {me}, I look after your complaint "
            "{number}, and you hear from me by {due}.",
        ),
        milestones=("ack_contact",),
        source=f"{TRAINING}；{GUIDE} retail.respond",  # 使用同理心的话语; 1小时响应
    ),
    Script(
        id="empathy_unwell",
        label=both("共情：服用后不舒服", "Understanding: unwell after taking it"),
        text=both(
            "{customer}您好，听到您不舒服，我们也很担心。请先停用，如有不适加重请及时就医。健康顾问会在 24 小时内联系您，"
            "给出医学建议或安排专业检测。",
            "Dear {customer}, we are sorry that you feel unwell. Please stop taking it, and see a doctor if it gets worse. "
            "A health adviser contacts you within 24 hours with medical advice or a test.",
        ),
        task=both("转健康顾问并确认已接手（{number}）", "Hand over to the health adviser and see that it is taken ({number})"),
        task_hours=1,
        milestones=("ack_contact", "medical_advice"),
        categories=HEALTH,
        source=f"{GUIDE} retail.medical",
    ),
    Script(
        id="empathy_parcel",
        label=both("共情：包裹没到", "Understanding: the parcel has not come"),
        text=both(
            "{customer}您好，让您等了这么久，实在抱歉。我们已联系承运商，{due} 前会安排加急配送或补发，并把结果告诉您。",
            "Dear {customer}, we are sorry for the long wait. We are in touch with the carrier; by {due} it is sent by "
            "express or once more, and you hear the result.",
        ),
        milestones=("ack_contact", "order_resolved"),
        categories=ORDER,
        source=f"{GUIDE} order.exceptions",
    ),
    Script(
        id="address_help",
        label=both("指导修改地址，并暂停计时", "Help to correct the address, and pause"),
        text=both(
            "{customer}您好，给您添麻烦了。承运商反馈收件地址无法投递，麻烦您回复完整的收件人、电话和地址，我们马上改派。",
            "Dear {customer}, sorry for the trouble. The carrier cannot deliver to the address. Please send us the name, "
            "phone and full address, and we redirect it at once.",
        ),
        note=both("已请客户补充地址，等客户回复。", "Asked for the address; waits for the customer."),
        pause="closed_loop",
        categories=("order_address",),
        source=f"{GUIDE} order.exceptions",
    ),
    Script(
        id="fast_settlement",
        label=both("直接退款或补发", "Refund or resend at once"),
        text=both(
            "{customer}您好，收到这样的商品换谁都不开心，抱歉。我现在就可以为您退款或补发，不需要您提供任何证明材料。您更希望哪一种？",
            "Dear {customer}, nobody likes to receive it like that, and we are sorry. I can refund or resend right now; you "
            "need to send no papers. Which do you prefer?",
        ),
        milestones=("ack_contact", "fast_settlement"),
        categories=SIMPLE,
        source=f"{GUIDE} R25",
    ),
    Script(
        id="effect_ask",
        label=both("效果不满意：了解服用情况", "No effect: ask how it is taken"),
        text=both(
            "{customer}您好，坚持服用却没感觉到变化，我理解您的失望。想了解一下服用时间和用量，研发团队会在 24 小时内给您效果评估报告。",
            "Dear {customer}, it is disappointing to take it and to notice no change. May I ask how long and how much? The "
            "research team sends you an effect report within 24 hours.",
        ),
        milestones=("ack_contact", "effect_report"),
        categories=EFFICACY,
        source=f"{GUIDE} retail.efficacy",
    ),
    Script(
        id="stones_question",
        label=both("客户担心“补钙导致结石”", 'A customer fears "calcium makes stones"'),
        text=both(
            "{customer}您好，您的担心很有道理。有肾结石的人是否适合补钙要看个人情况，我请健康顾问直接答复您，在此之前请先不要服用。",
            "Dear {customer}, your worry is a fair one. Whether somebody with kidney stones should take calcium depends on the "
            "person: a health adviser answers you directly. Please do not take it until then.",
        ),
        categories=(*HEALTH, *EFFICACY),
        source=f"{GUIDE} training.real_cases",  # 模拟“用户质疑‘补钙导致结石’”场景
    ),
    Script(
        id="result_told",
        label=both("告知结果并确认满意", "Tell the result and ask"),
        text=both(
            "{customer}您好，让您费心了，抱歉。您反映的问题已经处理：……。您看这样是否满意？",
            "Dear {customer}, sorry for the trouble. What you told us has been dealt with: …. Are you satisfied with it?",
        ),
        milestones=("closed_loop",),
        source=f"{GUIDE} retail.close",
    ),
)  # fmt: skip

WORDING = (
    WordRule(
        id="cure",
        words=("治疗骨质疏松", "治愈", "根治", "预防骨质疏松", "治好", "药到病除", "消炎", "抗癌", "防癌"),
        why=both(
            "保健食品不得宣传预防、治疗疾病（广告法第十八条、第十七条）",
            "Health food may not claim to prevent or treat illness (Advertising Law, articles 18 and 17)",
        ),
        instead=both("有助于补充钙；本品不能代替药物", "Helps to supply calcium; it does not replace medicine"),
        source=f"{LAW_18}；{LAW_17}",
    ),
    WordRule(
        id="need",
        words=("健康必需", "必须补钙", "不补钙就", "人人都要补"),
        why=both("不得宣称为保障健康所必需（广告法第十八条）", "Not to be called necessary for health (article 18)"),
        instead=both("是否需要因人而异，可以先算一算膳食钙", "Whether it is needed differs; reckon the calcium in your food first"),
        source=LAW_18,
    ),
    WordRule(
        id="promise",
        words=("保证有效", "百分百有效", "无效退款", "无副作用", "无毒副作用", "绝对安全", "有效率", "治愈率"),
        why=both("不得断言或保证功效、安全性（广告法第十八条）", "Effect and safety are not to be promised (article 18)"),
        instead=both("每个人感受不同，我们可以一起跟踪效果", "It differs from person to person; let us follow the effect together"),
        source=LAW_18,
    ),
    WordRule(
        id="absolute",
        words=("最好的钙", "第一品牌", "国家级", "最佳", "最高级", "全网第一", "销量第一"),
        why=both("不得使用绝对化用语（广告法第九条）", "No superlatives (article 9)"),
        instead=both("说明含量、来源和检测报告", "Tell content, origin and test report"),
        source=LAW_9,
    ),
    WordRule(
        id="kid",
        words=("增高", "长高神器", "益智"),
        why=both("保健食品不得宣传未经批准的功能", "Health food may not claim functions that were not approved"),
        instead=both("儿童补钙请由健康顾问接待", "For children, let a health adviser take over"),
        source="law.yaml risk_phrase_starter.food",
    ),
    WordRule(
        id="papers",
        words=("提供体检报告才能", "需要医生处方才能", "上传健康证明"),
        why=both("购买与退换不再要求证明材料，改用电子问卷", "No papers are asked for any more: the questionnaire replaces them"),
        instead=both("请您填一份简单的问卷，系统马上给结果", "Please fill in a short form; the answer comes at once"),
        kind="avoid",
        source=f"{GUIDE} order.no_paperwork",
    ),
    WordRule(
        id="cold",
        words=("这不归我们管", "你自己去问快递", "不可能", "你弄错了", "等着吧"),
        why=both("先共情再解决；不说“不、不能、错误”", 'Understanding first; not "no", "cannot", "wrong"'),
        instead=both("我理解您的感受，我来帮您查", "I understand; let me find out for you"),
        kind="avoid",
        source=TRAINING,
    ),
)  # fmt: skip


@hookimpl
def complaint_scripts() -> tuple[Script, ...]:
    """Return them, those for understanding first."""
    return SCRIPTS


@hookimpl
def complaint_wording() -> tuple[WordRule, ...]:
    """Return what is not said, by the law about health food."""
    return WORDING
