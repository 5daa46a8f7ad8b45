"""Which characters the bytes of a page stand for, whatever the server says of them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: share of U+FFFD up to which a text counts as damaged here and there, and not as wrongly decoded: GBK read as UTF-8
#: gives more than a third.
DAMAGE = 0.05

_META = re.compile(rb"(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_META_WITHIN = 4096  #: bytes of a page searched for a declaration

_CHINESE = frozenset(
    {"gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "ms936", "gb18030", "hz-gb-2312", "euc-cn", "euccn"}
)
# One-byte charsets decode anything, so they prove nothing and are tried last: ISO-8859-1 is what a servlet container
# declares when nobody told it better.
_MULTIBYTE = frozenset(
    {"big5", "big5hkscs", "cp950", "utf_16", "utf_16_le", "utf_16_be", "shift_jis", "euc_jp", "euc_kr"}
)
_BIG5 = ("big5hkscs", "cp950")  # with what Hong Kong and Windows added, as browsers read a page in Big5
_ONE_BYTE = frozenset({"iso8859-1", "cp1252", "iso8859-15", "ascii"})
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# The commonest characters of any Chinese text, both scripts: what tells a strict decoding from a strict misreading.
_COMMON = re.compile(
    "[的一是在不了有和人中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过行业数据报告市场為個國時來們對會發動過業數據報場]"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    charset: str
    damaged: bool = False  #: some bytes fit no charset and became U+FFFD


def decode(body: bytes, content_type: str | None = None) -> Decoded | None:
    """The text of a page; None where no charset gives one. Strict UTF-8 wins over every declaration."""
    for bom, charset in _BOMS:
        if body.startswith(bom):
            body = body[len(bom) :]
            text = _strict(body, charset)
            if text is not None:
                return Decoded(text, charset)
    text = _strict(body, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    declared = _declared(body, content_type)
    likely = dict.fromkeys([*(name for name in declared if name not in _ONE_BYTE), "gb18030"])
    strict = _decode_strictly(body, likely)
    # a page in Big5 that does not say so passes for GB18030, and damaged GB18030 for Big5: the likelier text counts
    bound = max(map(_likelihood, strict), default=_likelihood(Decoded(body.decode("gb18030", "replace"), "gb18030")))
    strict += [one for one in _decode_strictly(body, _BIG5) if _likelihood(one) > bound]
    if strict:
        return max(strict, key=_likelihood)
    for charset in ("utf-8", "gb18030"):
        text = body.decode(charset, "replace")
        if text.count("\ufffd") <= max(1, DAMAGE * len(text)):
            return Decoded(text, charset, damaged=True)
    return next(iter(_decode_strictly(body, declared)), None)


def _likelihood(decoded: Decoded) -> int:
    return len(_COMMON.findall(decoded.text))


def _decode_strictly(body: bytes, charsets: Iterable[str]) -> list[Decoded]:
    texts = [(_strict(body, charset), charset) for charset in charsets]
    return [Decoded(text, charset) for text, charset in texts if text is not None]


def _strict(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return None


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """The codecs that header and markup name, in this order; unknown and non-text ones left out."""
    names = _HEADER.findall(content_type or "")
    names += [name.decode("ascii") for name in _META.findall(body, 0, _META_WITHIN)]
    known = []
    for name in names:
        if name.lower() in _CHINESE:
            known.append("gb18030")
            continue
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        if codec in {"gb2312", "gbk", "hz"}:
            codec = "gb18030"
        if codec.replace("-", "_") in _MULTIBYTE or codec in _ONE_BYTE or codec == "gb18030":
            known.append(codec)
    return known
