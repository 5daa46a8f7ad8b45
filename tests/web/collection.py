"""An invented archive with everything that a page can show, in a second: edits, a correction, losses, bad nights."""

from datetime import timedelta

from archive.derive import derive
from tests.nights import Nights, Publisher, make_reader

EDITED = "127.0.0.1:101"  # the site edited it twice, the parser corrected it once
GONE = "127.0.0.1:102"
MISSING = "127.0.0.1:103"
TITLED = "title:0123456789abcdef"
BILINGUAL = "127.0.0.1:105"  # its two languages disagree
MARK = "〔旧〕"


def size_zh(value, year=2024):
    return f"数据显示，{year}年中国虚构支付市场规模达{value}亿元，同比增长12.5%。"


def size_en(value, year=2024):
    return (
        f"Data show that the market size of invented payments in China reached {value} billion yuan in {year}, "
        "up 12.5% year-on-year."
    )


def make_publisher():
    publisher = Publisher()
    for number in range(40, 0, -1):
        publisher.publish(
            f"127.0.0.1:{200 + number}",
            "甲",
            title=f"虚构咨询 | {2019 + number % 7}年中国虚构行业第{number}号报告",
            zh=f"虚构行业稳步发展，用户规模达{number}.5万人。\n商家应当改进客服。",
            en=f"The invented industry develops steadily, with {number * 10 + 5},000 users.\n"
            "Merchants should improve their service.",
        )
    publisher.publish(TITLED, "乙", title="没有编号的虚构报告", zh="只有中文的一段。", en="")
    publisher.publish(
        BILINGUAL,
        "甲",
        "乙",
        title="虚构咨询 | 2025年中国虚构数字人发展报告",
        zh="数据显示，2024年中国虚构数字人市场规模达563.7亿元，预计2025年达640.0亿元。\n用户规模达4000万人。",
        en="Data show that China's invented digital human market reached 56.37 billion yuan in 2024 and is expected to "
        "reach 640 billion yuan in 2025.\nThere were 40 million users.",
    )
    publisher.publish(MISSING, "甲", title="虚构咨询 | 2023年中国虚构外卖报告")
    publisher.publish(GONE, "甲", title="虚构咨询 | 2022年中国虚构茶饮报告")
    publisher.publish(
        EDITED,
        "甲",
        "乙",
        title="虚构咨询 | 2025年中国虚构支付行业研究报告",
        zh=f"{size_zh('120.5')}\n{MARK}支付宝等虚构平台领先。",
        en=f"{size_en('12.05')}\nInvented platforms lead.",
    )
    return publisher


def play(root):
    """Five weeks of nights; returns the archive, indexed and with its figures."""
    publisher = make_publisher()
    nights = Nights(root, publisher, ranks=("甲", "乙"), reader=make_reader(1, blind_to=(MARK,)))
    nights.night()
    nights.night()
    publisher.publish("127.0.0.1:301", "甲", title="虚构咨询 | 2026年中国虚构咖啡报告")
    nights.night()
    publisher.edit(EDITED, en=f"{size_en('12.55')}\nInvented platforms lead.")
    nights.night()
    publisher.withdraw(GONE, "甲")
    nights.night(faults={("甲", 3): "captcha"})
    nights.night()
    nights.clock += timedelta(days=5)  # nobody looked
    publisher.edit(
        EDITED, zh=f"{size_zh('130.5')}\n{MARK}支付宝等虚构平台领先。", title="虚构咨询 | 2025年中国虚构支付行业报告"
    )
    nights.night()
    nights.reparse(make_reader(2))
    for number in range(302, 320):
        if number % 3 == 0:
            publisher.publish(f"127.0.0.1:{number}", "甲", title=f"虚构咨询 | 2026年中国虚构第{number}号观察")
        if number % 5 == 0:
            nights.clock += timedelta(days=1)
        nights.night(faults={("甲", 2): "500"} if number == 311 else None)
    publisher.withdraw(MISSING, "甲")
    nights.night()
    with nights.opened() as connection:
        derive(connection, print)
    return nights
