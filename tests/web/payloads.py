"""A hundred texts that must never become markup, a command or another direction of reading."""

_SCRIPTS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/pixel.png>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=&#97;lert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=data:text/html,<script>alert(1)</script>></object>",
    "<embed src=//evil.example/x.swf>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example/x)}</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>x</button></form>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src onerror=alert(1)>'>",
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x/>",
    "<x contenteditable onfocus=alert(1) autofocus>",
)
_BREAKOUTS = (
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover=alert(1) x="',
    "' onmouseover=alert(1) x='",
    "` onmouseover=alert(1) x=`",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</mark></p><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x",
    "\\\\evil.example\\x",
    'http://evil.example/"onmouseover=alert(1)',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&amp;lt;script&amp;gt;",
    "＜script＞alert(1)＜/script＞",
    "<<script>script>alert(1)<</script>/script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "+ADw-script+AD4-alert(1)",
)
_TEMPLATES = (
    "{{ 7*7 }}", "{% for x in ().__class__.__mro__ %}x{% endfor %}", "${7*7}", "#{7*7}", "{{ config }}", "{{request}}",
    "%(name)s", "%s%s%n", "{0.__class__}", "__proto__",
)  # fmt: skip
_TERMINAL = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", "\x9b31m", "a\x08\x08b",
    "\x1b[2J\x1b[H", "bell\x07", "del\x7f", "nul\x00nul", "tab\tcr\rlf",
)  # fmt: skip
_BIDI = (
    "\u202egnp.exe", "\u2066\u202eabc\u2069", "\u200f\u061cabc", "\u202dabc\u202c", "zero\u200bwidth\u200dtext",
    "\ufeffbom", "soft\u00adhyphen", "\u2028line\u2029end", "\u2060joiner", "tag\U000e0041",
)  # fmt: skip
_FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://evil.example")', "＝1+1",
    "\t=1", "\r=1", "'=1",
)  # fmt: skip
_SQL = ("' OR 1=1 --", '"; DROP TABLE items; --', "title:x OR *", "NEAR(a b", '支付" AND')

PAYLOADS = (*_SCRIPTS, *_BREAKOUTS, *_TEMPLATES, *_TERMINAL, *_BIDI, *_FORMULAS, *_SQL)
assert len(PAYLOADS) == 100
