"""What a page without entries is: an empty listing, a wall, a login, an error, or nothing that can be read.

Only pages on which no entry was found come here: words such as 验证码 or "error" in a report's text prove nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.model import RefusalKind, Refused

if TYPE_CHECKING:
    from archive.pages.tree import Document, Line, Node

_EMPTY = re.compile(
    r"暂无|没有(?:找到|更多|相关|符合|查询|搜索|检索|任何|数据|报告|内容)|未(?:找到"
    r"|查询到|搜索到|检索到)|无(?:相关|更多|结果|数据|记录)|已经?到底|找不到相关"
    r"|没有了"
    r"|no (?:results?|more|reports?|records?|data|items?|entries|matching)|nothing (?:found"
    r"|here|to show)|0 results|end of (?:the )?list",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"验证码|安全(?:验证|检查|检测|认证|防护|拦截)|人机(?:验证|识别|校验)|滑动(?:验证"
    r"|滑块|完成|解锁)|拖动(?:滑块|下方)|拼图(?:验证)?|访问(?:过于|太|太过|过)频繁"
    r"|请求(?:过于|太|过)频繁|操作(?:过于|太|过)频繁|频率(?:过高|过快)|访问(?:被"
    r"|已被|受|受到)(?:拒绝|禁止|拦截|阻止|限制|封禁)|拒绝访问|禁止访问"
    r"|(?:您|你)的\s?(?:IP|访问|请求|操作|网络|行为)[^。]{0,30}(?:异常|拦截|封"
    r"|禁|阻|限制|可疑|攻击|黑名单)|异常(?:流量|访问|请求)|IP\s?(?:地址)?(?:已)?被(?:封"
    r"|禁|限)|防火墙|疑似(?:攻击|爬虫|机器)|Web应用防火墙|(?:不是|非|识别为)机器人"
    r"|(?:网络|访问|操作|浏览)?环境(?:存在|有)?异常|依次点击|(?:点击|验证|滑动"
    r"|完成|解锁)[^。]{0,20}(?:继续|恢复)访问|完成(?:以下)?验证|身份验证|验证(?:后"
    r"|失败|通过|中)"
    r"|captcha|access (?:to this page |has been )?(?:is )?(?:denied|blocked|forbidden)"
    r"|unusual (?:traffic|activity)|just a moment|checking (?:your browser|if the site)"
    r"|verify(?:ing)? (?:that )?you(?:'re| are) (?:a )?(?:human|not)|are you (?:a )?(?:human"
    r"|robot)"
    r"|attention required|request (?:was |has been )?(?:blocked|rejected|denied)"
    r"|too many requests|rate limit|you have been blocked|security (?:check|verification"
    r"|challenge)|ddos protection|web application firewall|\bWAF\b|enable javascript and cookies"
    r"|cf-browser-verification|(?:bot|automated) (?:detection|access|traffic)|403 forbidden|incapsula|ray id",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"请(?:先|您先|重新)?(?:登录|登陆|登入)(?!\s*[|/｜])|(?:登录|登陆)(?:后|之后"
    r"|以后)(?:才|方|可|即|查看|继续|浏览|阅读|访问|您)|(?:需要|必须|尚未|还未"
    r"|还没有?|未)(?:先)?(?:登录|登陆)|(?:登录|会话|session)(?:已|状态)?(?:超时"
    r"|过期|失效)|会员登录|用户登录|账号登录|帐号登录|扫码登录|密码登录"
    r"|(?:please|you (?:must|need to|have to)) (?:log|sign) ?in|(?:log|sign) ?in (?:to (?:continue"
    r"|view|access|read)|required)|login required|session (?:has )?(?:expired"
    r"|timed out)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"系统(?:繁忙|错误|异常|维护|升级|故障|出错|正忙)|服务器(?:错误|繁忙|异常"
    r"|内部|开小差|出错|忙|维护|故障|暂时)|服务(?:不可用|暂停|异常|繁忙|暂不可用)"
    r"|网络(?:异常|错误|繁忙|超时)|(?:页面|网页|内容|您访问的|您要访问的|您请求的)[^。]{0,12}(?:不存在"
    r"|找不到|未找到|没有找到|已删除|出错|走丢|丢失|飞走|无法访问|打不开|加载失败)"
    r"|(?:正在|网站|系统|例行|停机|升级)维护|维护中|出错了|出错啦|发生错误|稍[后候](?:再试"
    r"|重试|访问)|数据库(?:错误|连接|异常)|加载失败|请求(?:失败|超时|错误)|操作失败"
    r"|internal server error|(?:bad|gateway) ?(?:gateway|time-?out)|service (?:temporarily )?unavailable"
    r"|(?:page|file|resource|url)[^.]{0,30}(?:not found|does not exist|cannot be found"
    r"|doesn't exist)|(?:^|\b)(?:40[04]|500|502|503|504)\b[^.]{0,30}(?:not found"
    r"|error|bad gateway|unavailable|time-?out|bad request)|(?:error|http|status)\s*(?:code)?\s*[:#]?\s*(?:40\d"
    r"|50\d)\b|^(?:404|500|502|503|504)$"
    r"|under maintenance|(?:scheduled|site|system) maintenance|be (?:right )?back (?:soon"
    r"|shortly)|something went wrong|an? (?:unexpected |server |application |internal )?error (?:has )?occurred"
    r"|try again later|SQL(?:STATE| syntax| error|Exception)|ORA-\d{5}|mysql_"
    r"|stack ?trace|java\.\w+\.|Traceback \(most|Fatal error|Whoops|could not connect to"
    r"|database (?:error|connection)|Apache Tomcat|nginx/\d|HTTP Status \d{3}",
    re.IGNORECASE,
)
_MARKUP_TYPE = re.compile(r"^(?:text/|application/(?:xhtml|xml|octet-stream|x-)|\S*unknown)|[+]xml$|^[^/]*$")
_BINARY = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b")
#: 的, which no Chinese page lacks, after UTF-8 was taken for Latin-1 or for Windows-1252
_TWICE_ENCODED = ("\u00e7\u009a\u0084", "\u00e7\u0161\u201e")
_OFTEN = 3
_TAG = re.compile(r"<[A-Za-z!/?]")
_LONG = 400  #: characters of a line that still can be a notice
_NEXT_TO_NOTHING = 40  #: characters
_NOTICE = 60  #: the same where the page shows other things beside it

_VERDICTS: tuple[tuple[RefusalKind, re.Pattern[str], str], ...] = (
    ("blocked", _BLOCKED, "the site asks for a check or refuses the crawler"),
    ("login", _LOGIN, "the site wants a login"),
    ("error", _ERROR, "an error or maintenance notice stands in place of the listing"),
)


def judge_kind(body: bytes, text: str, content_type: str | None) -> Refused | None:
    """Why this is no page at all."""
    mime = (content_type or "").partition(";")[0].strip().lower()
    if not text.strip():
        return Refused("unreadable", "the answer is empty")
    if mime and not _MARKUP_TYPE.search(mime):
        return Refused("unreadable", f"the answer is no page but {mime[:40]}")
    if body.startswith(_BINARY) or not _TAG.search(text):
        return Refused("unreadable", f"the answer is no HTML; it begins with “{_printable(text[:40])}”")
    if max(map(text.count, _TWICE_ENCODED)) >= _OFTEN:
        return Refused("unreadable", "the Chinese of the page was encoded twice: UTF-8 taken for Latin-1 by the site")
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return Refused("unreadable", f"the answer is data and no page; it begins with “{_printable(text[:40])}”")
    return None


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def judge_empty(document: Document, markup: str) -> Refused | None:
    """Why a page without entries is no listing; None where it is one that ran out of entries."""
    said = _find_words(document)
    if said:
        return said
    total = sum(len(line.text) for line in document.lines)
    if total < _NEXT_TO_NOTHING:
        challenge = _BLOCKED.search(markup)
        if challenge:
            return Refused("blocked", f"a page without text whose script speaks of “{challenge[0]}”")
        if document.scripts:
            return Refused(
                "blocked", "a page without text, only a script: a browser challenge or a page built by script"
            )
    if not total:
        return Refused("unreadable", "the page shows no text at all")
    return None


def _find_words(document: Document) -> Refused | None:
    """The verdict of what the page says, outside its links."""
    shown = [line for line in document.lines if _is_notice(document, line)]
    linked = any(node.detail for node in document.nodes)
    ran_out = any(_EMPTY.search(line.text) and not _ERROR.search(line.text) for line in shown)
    password = any(_asks_password(node) for node in document.nodes)
    notices = [document.title, *(line.text for line in shown if line.node.tag in {"h1", "h2", "h3"})]
    if not ran_out:
        # inside the site's own frame, hot list and all, a notice is short
        notices += [line.text for line in shown if not linked or len(line.text) <= _NOTICE]
    for kind, pattern, sentence in sorted(_VERDICTS, key=lambda verdict: password and verdict[0] != "login"):
        for text in notices:
            if pattern.search(text):
                return Refused(kind, f"no entries, and {sentence}: “{_quote(text, pattern)}”")
    if password and not ran_out and not linked:
        return Refused("login", "no entries, and the page asks for a password")
    return None


def _asks_password(node: Node) -> bool:
    return node.tag == "input" and node.attributes.get("type", "").lower() == "password" and not node.hidden


def _is_notice(document: Document, line: Line) -> bool:
    """Whether a line could say why there is no list; "please log in" as a link in a page head is an offer."""
    return len(line.text) <= _LONG and not line.node.hidden and not _in_link(document, line)


def _in_link(document: Document, line: Line) -> bool:
    return all(
        any(around.tag == "a" for around in owner.around() if around.depth > line.node.depth - 2)
        for piece, owner in enumerate(document.owners[line.start : line.end], line.start)
        if document.texts[piece].strip()
    )


def _quote(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(text)
    start = max(0, found.start() - 20) if found else 0
    return text[start : start + 80].strip()
