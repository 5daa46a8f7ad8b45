"""What Chinese figures are measured in: scales, currencies, measure words and the nouns behind them."""

from __future__ import annotations

import re
from decimal import Decimal

from archive.figures.quantities import ONE

#: Chinese words, unit, and what must not follow them
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("元人民币 人民币 块钱", "CNY", ""),
    ("元", "CNY", "宇宙素旦件器首老气"),
    ("美元 美金 USD", "USD", ""),
    ("港元 港币", "HKD", ""),
    ("欧元", "EUR", ""),
    ("日元 日圆", "JPY", ""),
    ("英镑", "GBP", ""),
    ("韩元 韩币 韩圆", "KRW", ""),
    ("新台币 台币", "TWD", ""),
    ("澳元 澳大利亚元", "AUD", ""),
    ("加元 加拿大元", "CAD", ""),
    ("新加坡元 新元 新币", "SGD", ""),
    ("瑞士法郎 瑞郎", "CHF", ""),
    ("卢布", "RUB", ""),
    ("印度卢比 卢比", "INR", ""),
    ("泰铢", "THB", ""),
    ("澳门元", "MOP", ""),
    ("林吉特 马币", "MYR", ""),
    ("迪拉姆", "AED", ""),
    ("雷亚尔", "BRL", ""),
    ("越南盾", "VND", ""),
    ("印尼盾", "IDR", ""),
    ("里亚尔", "SAR", ""),
    ("RMB CNY", "CNY", ""),
    ("%", "%", ""),
    ("个百分点 百分点 个点 pct pp", "pp", ""),
    ("个基点 基点 bps BP bp", "bps", ""),
    ("‰", "‰", ""),
    ("倍", "times", "增速率"),
    ("岁 周岁", "years old", ""),
    ("秒钟 秒", "seconds", "杀"),
    ("分钟", "minutes", ""),
    ("个小时 小时", "hours", ""),
    ("天", "days", "然猫津使气花际下河空"),
    ("个星期 星期 周", "weeks", "年边期转末一二三四五六日"),
    ("个月", "months", ""),
    ("个季度", "quarters", ""),
    ("吨", "tonnes", "位"),
    ("公斤 千克 kg", "kilograms", ""),
    ("克", "grams", "拉隆服罗"),
    ("毫克 mg", "milligrams", ""),
    ("斤", "jin", ""),
    ("平方公里 平方千米 km²", "square kilometres", ""),
    ("平方米 平米 ㎡ m²", "square metres", ""),
    ("立方米 方 m³", "cubic metres", "面便案法式向块"),
    ("公里 千米 km", "kilometres", ""),
    ("米", "metres", "粉饭酒其"),
    ("厘米 cm", "centimetres", ""),
    ("毫米 mm", "millimetres", ""),
    ("纳米 nm", "nm", ""),
    ("英寸 寸", "inches", ""),
    ("毫升", "millilitres", ""),
    ("升", "litres", "至级到幅温高值降学"),
    ("千瓦时 度电 kWh KWh kwh", "kWh", ""),
    ("兆瓦时 MWh", "MWh", ""),
    ("吉瓦时 GWh Gwh", "GWh", ""),
    ("太瓦时 TWh", "TWh", ""),
    ("千瓦 kW KW", "kW", ""),
    ("Wh/kg", "Wh/kg", ""),
    ("km/h", "km/h", ""),
    ("毫安时 mAh", "mAh", ""),
    ("兆瓦 MW", "MW", ""),
    ("吉瓦 GW", "GW", ""),
    ("公顷", "hectares", ""),
    ("亩", "mu", ""),
    ("摄氏度 ℃ °C", "degrees", ""),
    *(
        (unit, unit, "")
        for unit in ("MB", "GB", "TB", "PB", "EB", "ZB", "Mbps", "Gbps", "MHz", "GHz", "EFLOPS", "PFLOPS")
    ),
    ("人次", "visits", ""),
    ("人口 人", "persons", "均工民类才形物机群脸气社力格道文生"),
    (
        "名 网民 用户 消费者 受访者 居民 学生 会员 粉丝 观众 游客 旅客 患者 员工 开发者 老年人 从业者 从业人员",
        "persons",
        "义牌单",
    ),
    ("位", "persons", "列居于置数次移"),
    ("家", "companies", "庭居电具长政装用纺族"),
    ("企业 公司", "companies", ""),
    ("门店 店铺", "stores", ""),
    ("商户 商家", "merchants", ""),
    ("户 家庭", "households", "外型均籍口用"),
    ("台", "units", "湾州北阶风积"),
    ("辆", "vehicles", ""),
    ("人份", "items", ""),
    ("次", "occurrences", "日年要新元级于序"),
    ("场次", "events", ""),
    ("场", "events", "景所均地馆面域"),
    ("杯", "cups", ""),
    ("分", "points", "别之析布为公红销店享期类子成支层部行散配手歧时明级"),
    ("笔", "transactions", "记者试"),
    ("单", "orders", "价身日月品一个位元"),
    ("所", "institutions", "有以谓需在得占属处"),
    ("种", "items", "植子草"),
    ("部", "items", "门分署委队级件"),
    ("件", "items", "套均"),
    ("份", "items", "额"),
    ("条", "items", "件例款约码形"),
    ("项 款", "items", "式待"),
    ("个", "items", "百体人性税"),
    (
        "张 座 支 套 本 篇 首 幅 间 栋 幢 头 匹 艘 枚 颗 粒 片 盒 瓶 袋 箱 株 棵 例 宗 轮 桩 趟 集 册 批 档 块 座",
        "items",
        "",
    ),
    ("只", "items", "有是能要会需"),
    ("起", "items", "来到步源初点伏"),
    ("处", "items", "于理在置"),
    ("门", "items", "户槛票诊锁窗类"),
    ("架", "items", "构"),
    ("双", "items", "方向十创碳"),
    ("项目", "projects", ""),
    ("标箱", "items", ""),
)

#: what follows 个, 家, 所 and their like; unknown nouns stay "items"
_NOUNS: dict[str, str] = {
    word: unit
    for words, unit in (
        ("品牌", "brands"),
        ("城市 地级市 县市", "cities"),
        ("县", "counties"),
        ("国家 经济体", "countries"),
        ("省份 省区市 省", "provinces"),
        ("项目", "projects"),
        ("专业", "majors"),
        ("门店 店铺 便利店 餐厅 药店 超市 直营店 加盟店 体验店 网点", "stores"),
        ("医院", "hospitals"),
        ("医疗机构 机构", "institutions"),
        ("高校 院校 学校 大学", "schools"),
        ("银行", "banks"),
        ("商户 商家", "merchants"),
        ("岗位 职位", "jobs"),
        ("家庭 农户", "households"),
        ("用户 账户 会员", "persons"),
        ("充电桩", "charging piles"),
        ("床位", "beds"),
        ("样本 问卷", "samples"),
        ("企业 公司 厂商 供应商", "companies"),
        ("基站", "base stations"),
    )
    for word in words.split()
}

_SCALES = {
    "万亿": 10**12,
    "千亿": 10**11,
    "百亿": 10**10,
    "十亿": 10**9,
    "亿": 10**8,
    "千万": 10**7,
    "百万": 10**6,
    "十万": 10**5,
    "万": 10**4,
    "千": 10**3,
    "百": 10**2,
}
#: 5个亿 is 500 million; 3个千亿级产业 and 5个亿元项目 are three and five of them
_SCALE = re.compile(
    r" ?(?:个(?=亿(?:元|美元|人民币)?(?:[,。;、!?()\n]|$|左右|以上|以下|以内)))?"
    r"(万亿|千亿|百亿|十亿|亿|千万(?!克|瓦)|百万|十万|万(?!科|达|象|能|物)"
    r"|千(?!克|瓦|米|卡|问|帕|赫|禧)|百(?!度|分|货|姓|强))"
)
#: 500W of the trade press
_MYRIAD = re.compile(r"[wW](?=[+人元家户单名次]|[,。;、!?)]|$)")
_LESSER = re.compile(r"([0-9]{1,4}(?:\.[0-9]+)?)(千万|百万|万|千|百)(?!克|瓦|分)")
_MORE = re.compile(r"[多余来+]")
_UNITS = {word: (unit, never) for words, unit, never in _WORDS for word in words.split()}
_UNIT = re.compile(
    " ?("
    + "|".join(
        re.escape(word) + (f"(?![{never}])" if never else "") + ("(?![A-Za-z])" if word[-1].isascii() else "")
        for word, (_, never) in sorted(_UNITS.items(), key=lambda entry: -len(entry[0]))
    )
    + ")"
)
_NOUN = re.compile(r"[^,。;、0-9的和与及\0]{0,6}?(" + "|".join(sorted(_NOUNS, key=len, reverse=True)) + ")")
_BEFORE_NOUNS = frozenset("个家所座款项间份户")
_CURRENCY = re.compile(r"(?:(?<![A-Za-z])(RMB|CNY|US\$|USD|HK\$|HKD|NT\$|EUR|GBP|JPY|KRW|SGD)|人民币|([$¥€£]))[: ]?$")
_SIGNS = {"$": "USD", "US$": "USD", "¥": "CNY", "RMB": "CNY", "€": "EUR", "£": "GBP", "HK$": "HKD", "NT$": "TWD"}


def read_scale(text: str, at: int, number: Decimal) -> tuple[Decimal, Decimal, int, bool]:
    """Number, scale, where they end, and whether 多 or 余 says that it is more: 300多万, 1亿2000万, 一百八十余万."""
    scale = ONE
    more = _MORE.match(text, at)
    end = more.end() if more else at
    if letter := _MYRIAD.match(text, end):
        scale, end = Decimal(10_000), letter.end()
    elif found := _SCALE.match(text, end):
        scale, end = Decimal(_SCALES[found[1]]), found.end()
        lesser = _LESSER.match(text, end)
        if lesser and _SCALES[lesser[2]] < scale:
            number += Decimal(lesser[1]) * _SCALES[lesser[2]] / scale
            end = lesser.end()
    if after := _MORE.match(text, end):
        more, end = after, after.end()
    return number, scale, end, more is not None


def read_unit(text: str, at: int) -> tuple[str, int] | None:
    """The unit and where it ends."""
    found = _UNIT.match(text, at)
    if found is None:
        return None
    name = _UNITS[found[1]][0]
    if found[1] in _BEFORE_NOUNS and (noun := _NOUN.match(text, found.end())):
        name = _NOUNS[noun[1]]
    return name, found.end()


def read_currency(before: str) -> tuple[str, int] | None:
    """The currency that stands at the end of this, and its length."""
    found = _CURRENCY.search(before)
    if found is None:
        return None
    sign = found[1] or found[2]
    return (_SIGNS.get(sign, sign) if sign else "CNY"), len(found[0])
