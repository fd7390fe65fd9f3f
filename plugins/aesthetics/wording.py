"""Words that are not said to a patient, each with the law that forbids it and what to say instead."""

from plugins.api import WordRule, both, hookimpl

LAW_16, LAW_9, GUIDE, LAW_20 = (
    "广告法 第十六条",
    "广告法 第九条",
    "医疗美容广告执法指南 2021-11",
    "医疗美容服务管理办法 第二十条",
)

# law.yaml risk_phrase_starter.{aesthetics,medical,absolute}; 识别200种违规话术 (quality.risk_phrases) begins with these.
WORDING = (
    WordRule(
        id="guarantee",
        words=("保证效果", "百分百", "100%成功", "包满意", "包成功", "无效退款", "保险公司保险", "不反弹", "一次见效", "立竿见影", "根治", "药到病除"),
        why=both("医疗广告和宣传不得断言或保证功效（广告法第十六条）", "The effect of a treatment is not guaranteed (Advertising Law, article 16)"),
        instead=both("效果因人而异，医生会根据您的情况评估", "It differs from person to person; the doctor judges your case"),
        source=LAW_16,
    ),
    WordRule(
        id="safety",
        words=("零风险", "安全无副作用", "无毒副作用", "没有任何风险", "绝对安全", "无痛无痕", "零恢复期"),
        why=both("不得断言或保证安全性（广告法第十六条）；风险须书面告知（第二十条）", "Safety is not guaranteed (article 16); risks are told in writing"),
        instead=both("任何治疗都有风险，我把可能的风险和应对措施讲给您", "Every treatment has risks; let me tell you them and what is done against them"),
        source=f"{LAW_16}；{LAW_20}",
    ),
    WordRule(
        id="permanent",
        words=("永久", "终身有效", "一辈子不用再做", "一劳永逸"),
        why=both("不得断言功效（广告法第十六条）", "The effect is not asserted (article 16)"),
        instead=both("维持时间因人而异，面诊时由医生说明", "How long it lasts differs; the doctor explains it"),
        source=LAW_16,
    ),
    WordRule(
        id="rates",
        words=("治愈率", "有效率", "成功率高达", "满意度高达"),
        why=both("不得说明治愈率或有效率（广告法第十六条）", "No rates of cure or effect (article 16)"),
        instead=both("给您看对比案例，由医生说明适合与否", "Let me show you cases; the doctor tells whether it suits you"),
        source=LAW_16,
    ),
    WordRule(
        id="before_after",
        words=("术前术后对比图", "前后对比图", "做完就像她一样", "看看别人的对比照", "朋友圈发对比"),
        why=both("不得用术前术后对比做广告（医疗美容广告执法指南）；照片未经本人同意不得使用", "No advertising with before and after; no picture without consent"),
        instead=both("到院后由咨询师展示已获同意的对比案例", "In the clinic we show cases with their owners' consent"),
        source=GUIDE,
    ),
    WordRule(
        id="anxiety",
        words=("你这样不好看", "丑", "显老", "再不做就晚了", "拯救颜值", "没有丑女人", "容貌缺陷"),
        why=both("不得制造容貌焦虑（医疗美容广告执法指南）", "Worries about looks are not played on"),
        instead=both("您希望改善哪里？我们一起看看", "What would you like to change? Let us look together"),
        source=GUIDE,
    ),
    WordRule(
        id="endorser",
        words=("明星同款", "网红都来做", "推荐官", "体验官", "专家推荐"),
        why=both("不得利用代言人推荐（广告法第十六条；执法指南）", "No endorsers (article 16)"),
        instead=both("说明医生资质和治疗方案", "Tell the doctor's qualification and the plan"),
        source=f"{LAW_16}；{GUIDE}",
    ),
    WordRule(
        id="absolute",
        words=("最佳", "最好", "最高级", "最先进", "国家级", "世界级", "顶级", "第一家", "全网第一", "销量第一", "独一无二", "唯一"),
        why=both("不得使用绝对化用语（广告法第九条）", "No superlatives (article 9)"),
        instead=both("说明具体设备、材料和资质", "Name equipment, material and qualification"),
        source=LAW_9,
    ),
    WordRule(
        id="pressure",
        words=("今天不定就没了", "必须今天决定", "不用签字", "签字只是走形式", "先做再说"),
        why=both("治疗前须书面告知并签字；不催促当场决定（5要3不要）", "Written consent comes before a treatment; nobody is pressed to decide"),
        instead=both("您可以带回去考虑，有疑问随时问我", "Take it home and think it over; ask me whatever you like"),
        source=f"{LAW_20}；服务体系建设7大维度 5要3不要",
    ),
    WordRule(
        id="cold",
        words=("这是正常的，别大惊小怪", "你自己体质问题", "签了字就不能闹", "不可能", "等着吧"),
        why=both("先共情再解决", "Understanding first, then the solution"),
        instead=both("我理解您的担心，请医生马上看一下", "I understand; a doctor looks at it right away"),
        kind="avoid",
        source="宠物医院客户投诉应急预案 §1.3",
    ),
)  # fmt: skip


@hookimpl
def complaint_wording() -> tuple[WordRule, ...]:
    """Return what is not said."""
    return WORDING
