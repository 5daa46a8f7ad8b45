"""What stands in an entry and is no report text: dates, counters, buttons, badges, labels."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

#: text of a link or button that does something instead of naming something
BUTTON = re.compile(
    r"^[\[【(（<《\s>»›→·•…+-]*(?:"
    r"(?:点击|立即|马上|免费|在线|我要)?(?:查看|阅读|浏览|了解|获取|进入|展开"
    r"|收起|下载|购买|订阅|收藏|分享|点赞|打印|预览|试读)"
    r"(?:更多|全文|全部|详情|详细|报告|原文|此报告|该报告|本报告|内容|完整|正文"
    r"|摘要|简介|PDF|版|目录|页|并|或|及|和|下载|购买|收藏|阅读|查看|[的了]){0,4}"
    r"|(?:更多|全文|详情|详细|原文|报告详情|报告全文|详细内容|完整报告|加入购物车|赞|转发|评论|举报)"
    r"|(?:read|view|see|learn|show|load|find out|get)\s*(?:the\s*)?(?:full|more"
    r"|all|whole|entire|details?|report|article|text|abstract|summary)?"
    r"(?:\s*(?:about|report|article|text|story|details?|abstract|summary|more|now|here))?"
    r"|more(?: info(?:rmation)?| details?)?|details?|full (?:text|report)|continue(?: reading)?"
    r"|download(?: (?:pdf|report|now|here))?"
    r"|share|like|save|buy(?: now)?|subscribe|pdf|open|close|print|favou?rite|bookmark|link|click here"
    r")[\]】)）>》»›→·•…\s.+!！-]*$",
    re.IGNORECASE,
)
#: an ornament next to a title
BADGE = re.compile(
    r"^[\[【(（<《「『\s]*(?:热门?|新|最新|NEW!?|HOT!?|TOP\s?\d{0,3}|VIP|FREE"
    r"|PDF|置顶|推荐|精选|精品|独家|原创|免费|付费|会员|头条|荐|顶|精|火|爆|限时"
    r"|首发|重磅|已购"
    r"|(?:No\.?|NO\.?|#|第)?\s*\d{1,4}(?:\s*[名位条号])?\s*[.、．:：)）]?|[●•·◆■▪★☆▶►»›>*-]{1,3}"
    r"|[🔥⭐🆕📌📄📊📈]\ufe0f?)[\]】)）>》」』\s]*$",
    re.IGNORECASE,
)
_DATE = r"(?P<y>(?:19|20)\d\d)\s?(?P<s>[-/.年])\s?(?P<m>\d{1,2})\s?(?:(?P=s)|月)\s?(?P<d>\d{1,2})(?:\s?日)?"
_CLOCK = r"(?:[T\s]{1,3}\d{1,2}:\d\d(?::\d\d)?(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?)?"
_DATE_TEXT = re.compile(
    r"^[\[【(（\s]*(?:(?:发布|更新|上传|上架|收录|出版|创建|发表)?(?:时间|日期"
    r"|于)?|(?:published|updated|posted|release|publish)?\s*(?:date|on|at)?)\s*[:：]?\s*"
    + _DATE
    + _CLOCK
    + r"(?:\s*(?:发布|更新|上传))?[\]】)）\s]*$",
    re.IGNORECASE,
)
_DATE_ANYWHERE = re.compile(r"(?<![\d.,/-])" + _DATE + r"(?![\d%]|[.,/-]\d)")
_FIELD = re.compile(
    r"^[\[【(（\s]*(?:发布|更新|上传|上架|收录|出版|阅读|浏览|点击|查看|下载|访问"
    r"|收藏|点赞|评论|分享|转发|回复|报告|文件|全文|所属|内容|行业|文档|售|原"
    r"|现|会员)?"
    r"(?:时间|日期|来源|出处|作者|机构|编辑|责编|撰稿|单位|浏览|阅读|点击|人气"
    r"|热度|查看|下载|访问|收藏|点赞|评论|分享|转发|回复|页数|页码|字数|图表数?"
    r"|价格|价|售价|格式|大小|类型|类别|分类|栏目|频道|行业|领域"
    r"|标签|关键词|关键字|编号|语言|次数|人数|量|数|评分|星级|专题|系列|地区|区域"
    r"|版本|年份|频次)\s*(?:[:：].{0,60}|\s*[(（]?[\d,.]{1,12}\s*[万亿k]?\+?\s*(?:次"
    r"|人|页|元|条|篇|字|张|个|M|MB|KB)?[)）]?)$"
    r"|^(?:tags?|keywords?|date|time|published(?: on| by)?|updated|posted|source"
    r"|author|by|views?|reads?|downloads?|pages?|price|category|categories|format"
    r"|size|type|likes?|comments?|language|id|no|industry|topics?|series|edition"
    r"|publisher)\s*[:：].{0,80}$"
    r"|^(?:相关|推荐|关联|延伸|更多|猜你喜欢|上一篇|下一篇|上一条|下一条|同类"
    r"|类似|热门|最新|配套)(?:的)?(?:报告|阅读|推荐|文章|内容|资讯|研究|标签|话题"
    r"|专题|产品)?\s*(?:[:：].{0,300})?$"
    r"|^(?:related|see also|recommended|you may also like|previous|next)(?: (?:reports?"
    r"|reading|articles?|posts?|topics?|tags?))?\s*(?:[:：].{0,300})?$"
    r"|^(?:责任)?(?:编辑|作者|记者|来源|数据来源|图源|图片来源)\s*[:：].{0,40}$",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"^[\[【(（\s]*(?:约|共|全文共?|[¥￥$€])?\s*[\d,.]{1,12}\s*(?:[万亿kK千]\+?"
    r"|\+)?\s*(?:次|人|页|元|条|篇|字|张|个|分|天前|小时前|分钟前|M|MB|KB|"
    r"pages?|views?|reads?|downloads?|comments?|likes?|yuan|RMB|USD|days? ago"
    r"|hours? ago|min read)?\s*(?:浏览|阅读|点击|下载|收藏|评论|点赞|已读|看过"
    r"|购买|/\s*份)?[\]】)）\s]*$"
    r"|^[\s|｜/·•,，、:：;；()（）\[\]【】<>«»‹›\-–—_=+*#~.。…]*$"
    r"|^(?:pdf|ppt|word|docx?|xlsx?|免费|付费|会员专享|VIP专享|收费|已下架|中文版?"
    r"|英文版?|中英文|EN|CN|ZH|english|chinese|中文|英文|english version|chinese version)$",
    re.IGNORECASE,
)
#: stands before a summary, often in an element of its own
LABEL = re.compile(
    r"^[\[【(（\s]*(?:(?:中文|英文|报告|内容|中英文|文章)?(?:摘要|简介|概要|导读"
    r"|提要|导语|核心观点|内容|介绍|概述|描述)|中文|英文|中|英|abstract|summary"
    r"|overview|introduction|english|chinese"
    r"|(?:english|chinese) (?:abstract|summary)|en|zh|cn|zh-cn|en-us)[\]】)）\s]*[:：]?\s*$",
    re.IGNORECASE,
)
#: the same at the beginning of the summary's own line, where 中文 alone could be its first word
INLINE_LABEL = re.compile(
    r"^[\[【(（\s]*(?:(?:中文|英文|报告|内容)?(?:摘要|简介|概要|导读|提要|导语)|abstract|summary)[\]】)）\s]*[:：]?\s*$"
    r"|^[\[【(（]\s*(?:中文?|英文?|en|zh|cn|english|chinese)\s*[\]】)）]$|^(?:中文"
    r"|英文|english|chinese|en|zh)\s*[:：]\s*$",
    re.IGNORECASE,
)
#: introduces a link to another report
LEAD_IN = re.compile(
    r"(?:相关|推荐|关联|延伸|更多|上一篇|下一篇|上一条|下一条|同类|类似|参见|详见"
    r"|参阅|另见|related|see also|previous|next)[^。.!?]{0,12}[:：>»]?\s*$",
    re.IGNORECASE,
)
_SEPARATED = re.compile(
    r"\s{2,}|\s*[|｜·•]\s*|\s+/\s+|\u3000+|\s(?=(?:发布|浏览|阅读|下载|来源|作者"
    r"|页数|价格|时间|标签|行业)[^\s]{0,4}[:：])|\s+"
)
#: who owns the text, and what may be done with it: a sentence, but none of the summary
_IMPRINT = re.compile(
    r"转载(?:请|须|需|时)|(?:请|须|需)注明(?:出处|来源)|版权(?:归.{0,24}所有|所有)|版权声明|免责声明|禁止(?:转载|复制)"
    r"|未经.{0,16}(?:授权|许可|允许)|关注.{0,20}(?:微信|公众号)|^温馨提示|(?:客服|咨询)(?:热线|电话)"
    r"|all rights reserved|no part of this (?:report|publication|document)|without (?:prior )?(?:written )?permission",
    re.IGNORECASE,
)
_LONGEST = 120  #: characters of a line that can still be furniture
_DETAIL_TITLE = re.compile(r"[。！？]")


@lru_cache(maxsize=4096)
def is_furniture(text: str) -> bool:
    """Whether a whole line or element is no report text. Nothing that ends like a sentence is."""
    if len(text) > _LONGEST:
        return False
    if BUTTON.match(text) or BADGE.match(text) or _DATE_TEXT.match(text) or _COUNT.match(text) or LABEL.match(text):
        return True
    if _IMPRINT.search(text):
        return True
    if _DETAIL_TITLE.search(text):
        return False
    if _FIELD.match(text):
        return True
    parts = [part for part in _SEPARATED.split(text) if part]
    return len(parts) > 1 and all(
        BUTTON.match(part)
        or BADGE.match(part)
        or _DATE_TEXT.match(part)
        or _COUNT.match(part)
        or _FIELD.match(part)
        or CLOCK.match(part)
        for part in parts
    )


CLOCK = re.compile(r"^\d{1,2}:\d\d(?::\d\d)?$")


def read_date(text: str) -> str | None:
    """The one whole, valid date of a meta text, as YYYY-MM-DD."""
    found = set()
    for match in _DATE_ANYWHERE.finditer(text):
        try:
            found.add(date(int(match["y"]), int(match["m"]), int(match["d"])).isoformat())
        except ValueError:
            return None
    return found.pop() if len(found) == 1 else None
