"""What sites serve with status 200 instead of a listing, in the shapes such pages have, in invented words."""

from __future__ import annotations

HEAD = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>{}</title></head><body>'
FOOT = "</body></html>"
SITE = (
    '<header><a href="/">首页</a> <a href="/reports">报告</a> <a href="/data">数据</a> <a href="/login">'
    "登录</a></header>"
    "{}<aside><h4>热门报告</h4><ul>"
    '<li><a href="/repo13-0/7101.html">虚构咨询 | 2025年中国露营经济市场研究报告</a></li>'
    '<li><a href="/repo13-0/7102.html">虚构咨询 | 2025年中国数字音频产业白皮书</a></li></ul></aside>'
    '<footer><a href="/about">关于我们</a> <a href="/law">法律声明</a> 虚构备0000000号</footer>'
)


def page(title: str, body: str) -> str:
    return HEAD.format(title) + body + FOOT


def within(title: str, body: str) -> str:
    """Inside the site's own header, hot list and footer."""
    return page(title, SITE.format(f"<main>{body}</main>"))


#: name → (HTML, the kinds of refusal that are right)
REFUSED: dict[str, tuple[str, set[str]]] = {
    "slider captcha": (
        page(
            "安全验证",
            '<div id="captcha"><h2>请完成安全验证</h2><p>请按住滑块，拖动到最右边</p>'
            '<div class="slider"><span>向右滑动完成验证</span>'
            '</div><form action="/verify"><input type=hidden name=token value=9a></form></div>',
        ),
        {"blocked"},
    ),
    "picture captcha": (
        page(
            "访问验证",
            "<h3>您的访问过于频繁，请输入验证码后继续</h3><img src='/captcha.jsp?r=0.31'><form method=post>"
            "<input name=verifyCode placeholder='请输入图片中的字符'><button>确定</button></form>",
        ),
        {"blocked"},
    ),
    "click captcha inside the site": (
        within(
            "虚构咨询",
            "<div class='nc-container'><p>网络环境异常，请依次点击下图中的文字以继续访问</p><canvas></canvas></div>",
        ),
        {"blocked"},
    ),
    "english challenge": (
        page(
            "Just a moment...",
            "<h1>report.xugou.example</h1><h2>Verifying you are human. This may take a few seconds.</h2>"
            '<div id="challenge-stage">'
            "</div><noscript>Enable JavaScript and cookies to continue</noscript><p>Ray ID: 7f00ab12cd</p>",
        ),
        {"blocked"},
    ),
    "english captcha": (
        page(
            "Are you a robot?",
            "<p>Our systems have detected unusual traffic from your network. "
            "Please solve the CAPTCHA below to continue.</p>"
            '<div class="g-recaptcha" data-sitekey="x"></div>',
        ),
        {"blocked"},
    ),
    "script challenge": (
        (
            '<html><head><meta charset="utf-8"><script>var a="3f2",b=document;b.cookie="_ck="+a+";path=/";'
            "setTimeout(function(){location.reload()},50);</script></head><body></body></html>"
        ),
        {"blocked", "unreadable"},
    ),
    "ip banned": (
        page("提示", "<div class=tip>您的IP（203.0.113.9）因访问过于频繁已被限制，请24小时后再试。</div>"),
        {"blocked"},
    ),
    "firewall": (
        page(
            "405",
            "<h1>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</h1><p>您的请求ID是：0b1c00e116</p>",
        ),
        {"blocked"},
    ),
    "access denied": (
        page(
            "Access Denied",
            "<H1>Access Denied</H1>You don't have permission to access this page on this server.<P>Reference #18.2d",
        ),
        {"blocked"},
    ),
    "403 as 200": (
        page("403 Forbidden", "<center><h1>403 Forbidden</h1></center><hr><center>nginx</center>"),
        {"blocked", "error"},
    ),
    "login": (
        page(
            "用户登录",
            '<form action="/login.do" method="post"><h2>用户登录</h2><p>请先登录后再查看报告</p>'
            '<input name="username" placeholder="手机号">'
            '<input type="password" name="password"><button>登录</button><a href="/reg">免费注册</a></form>',
        ),
        {"login"},
    ),
    "login inside the site": (
        within(
            "登录 - 虚构咨询",
            "<div class=login><h3>会员登录</h3><p>您需要登录才能继续访问此页面</p><input type=password></div>",
        ),
        {"login"},
    ),
    "scan to log in": (
        page("扫码登录", "<div><img src=/qr.png><p>请使用手机扫描二维码登录，登录后即可查看全部报告</p></div>"),
        {"login"},
    ),
    "english login": (
        page(
            "Sign in",
            "<form><h1>Sign in to continue</h1><input type=email><input type=password><button>Log in</button></form>",
        ),
        {"login"},
    ),
    "system busy": (
        page(
            "系统提示",
            "<div class=error><p>系统繁忙，请稍后再试！</p><a href='javascript:history.back()'>返回上一页</a></div>",
        ),
        {"error"},
    ),
    "system busy inside the site": (
        within("关于“人民日报”的报告", "<h1>关于“人民日报”的报告</h1><p class=err>服务器开小差了，请稍后重试</p>"),
        {"error"},
    ),
    "server error": (
        page(
            "500 Internal Server Error",
            "<h1>Internal Server Error</h1><p>The server encountered an internal error.</p>",
        ),
        {"error"},
    ),
    "bad gateway": (
        page("502 Bad Gateway", "<center><h1>502 Bad Gateway</h1></center><hr><center>openresty</center>"),
        {"error"},
    ),
    "stack trace": (
        page(
            "Apache Tomcat - Error report",
            "<h1>HTTP Status 500 - </h1><pre>"
            "java.lang.NullPointerException\n\tat com.xugou.TagAction.list(TagAction.java:88)</pre>",
        ),
        {"error"},
    ),
    "maintenance": (
        page(
            "系统维护",
            "<h1>系统升级维护中</h1><p>为给您提供更好的服务，本站将于今晚23:00至次日6:00进行维护，敬请谅解。</p>",
        ),
        {"error"},
    ),
    "english maintenance": (
        page(
            "We'll be back soon",
            "<h1>Site under maintenance</h1><p>We are performing scheduled maintenance and will be back soon.</p>",
        ),
        {"error"},
    ),
    "not found as 200": (
        within("页面不存在", "<h2>404</h2><p>抱歉，您访问的页面不存在或已被删除</p>"),
        {"error", "unreadable"},
    ),
    "json error": ('{"code":500,"msg":"系统异常","data":null}', {"error", "unreadable"}),
    "empty body": ("", {"error", "unreadable"}),
    "blank page": (page("", ""), {"error", "unreadable"}),
}

HOSTILE: dict[str, str] = {
    "40,000 attributes": page("x", "<a " + " ".join(f"a{i}=1" for i in range(40_000)) + ">x</a>"),
    "3,000 levels": page("x", "<div>" * 3000 + "x" + "</div>" * 3000),
    "9 MiB": page("x", "<p>" + "填" * (3 * 1024 * 1024 + 9)),
}

# Words that a blacklist would take for one of the pages above; all of these stand in or round healthy listings.
SUSPECT_WORDS = (
    *("验证码", "captcha", "登录", "请先登录", "系统维护", "403 Forbidden", "Access Denied"),
    *("滑块验证", "访问过于频繁", "robot", "500错误", "nginx"),
)

#: stands in the header of many healthy pages
LOGIN_BOX = (
    '<div class="login-box" style="display:none"><form action="/login"><h3>用户登录</h3>'
    '<input name=phone placeholder="手机号">'
    '<input type=password name=password><input name=verifyCode placeholder="验证码">'
    '<img src="/captcha.jsp"><div id="captcha">'
    "请完成滑块验证</div><button>登录</button></form></div>"
)
NOTICE_BAR = '<div class="notice">公告：本站将于本周六凌晨进行系统维护，届时登录与下载可能受影响，请稍后再试。</div>'
