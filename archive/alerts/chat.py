"""Chat: one message to one place, by way of apprise, whose two hundred services need some watching."""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.alerts.model import Outcome
from archive.errors import UsageError
from archive.printable import spell_out

if TYPE_CHECKING:
    from archive.alerts.secret import Secret

#: Services that count bytes, as characters that fit whatever they are: of WeCom 2,048 and of ntfy 4,096 bytes of
#: UTF-8, its title with them; of the others 20 kB of JSON in which a Chinese character is six. apprise takes these
#: numbers for characters.
_BODY_LIMITS = {"wecombot": 680, "ntfy": 1160, "feishu": 3000, "lark": 3000, "dingtalk": 3000}
#: Services that answer 200 to what they did not take, with a number other than 0 here; apprise calls that sent.
_CODES = {"wecombot": "errcode", "dingtalk": "errcode", "feishu": "code", "lark": "code", "serverchan": "code"}
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_SERVERS_WAIT = {429, 503}
#: whatever the message is
_OUT_OF_ORDER = {*_SERVERS_WAIT, 502, 504}
#: loggers of apprise and of what it sends with: they name addresses, and for a chat the address is the key
_LOUD = ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib", "charset_normalizer")

_SEVERAL = re.compile(r"\s|[,;]+[A-Za-z][A-Za-z0-9+.-]*://")
_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()+,;=%-]+")
#: What any service takes for a mention, a link with other words, markup or HTML, as the full-width character: it reads
#: the same, needs no invisible character, and shows no backslash where a service knows no Markdown.
_FULL_WIDTH = str.maketrans("@<>[]*_`~", "＠＜＞［］＊＿｀～")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]{1,31};)")
_HEADING = re.compile(r"(?m)^([ \t]*)(#{1,6})(?=[ \t])")

_quiet = threading.Lock()
_attempt = threading.local()


class ChatTarget:
    """One place of one service. Its address is its key: it is in no message, no log and no repr."""

    def __init__(self, channel_name: str, url: Secret, *, timeout: float = 20.0) -> None:
        """Raises UsageError for an address that apprise does not know, or that names several places."""
        where = f"channel.{channel_name}"
        if _SEVERAL.search(url.reveal()):
            raise UsageError(f"{where}: its address names several targets: make a channel of each.")
        try:
            self._plugin = _load_plugin(url)
        except ImportError:
            raise UsageError(f"{where}: chat needs the package apprise: install baogao[chat].") from None
        if self._plugin is None:
            raise UsageError(f"{where}: apprise does not know such an address: see its list of services.")
        if len(self._plugin) != 1:
            raise UsageError(f"{where}: its address must name one target, not {len(self._plugin)}: one channel each.")
        self._service = type(self._plugin).__module__.removeprefix("apprise.plugins.").partition(".")[0]
        self._timeout = timeout
        self._running: threading.Thread | None = None

    @property
    def title_limit(self) -> int:
        """In UTF-16 units, as body_limit; 0: this service has no titles."""
        return max(0, int(self._plugin.title_maxlen))

    @property
    def body_limit(self) -> int:
        return min(int(self._plugin.body_maxlen), _BODY_LIMITS.get(self._service, sys.maxsize))

    def send(self, title: str, body: str) -> Outcome:
        """Never raises for what a service does. Not reentrant: one message after the other."""
        if self._running is not None and self._running.is_alive():
            return Outcome("retry", "an earlier message is still on its way", whole_channel=True)
        line, text = neutralize(" ".join(title.split())), neutralize(body)
        if line and not self.title_limit:
            line, text = "", f"{line}\n{text}"
        attempt = _Attempt(_cut(line, self.title_limit), _cut(text, self.body_limit))
        # A thread, because the time-outs of a service are for each read and connection, and it may sleep between them.
        # One that does not come back is left behind: it can't be ended, and does not keep the process from ending.
        self._running = threading.Thread(target=self._run, args=(attempt,), name="chat", daemon=True)
        self._running.start()
        self._running.join(self._timeout)
        if self._running.is_alive():
            return Outcome("retry", f"no answer within {self._timeout:g} seconds", whole_channel=True)
        if attempt.taken and attempt.code in {None, 0}:
            return Outcome("sent")
        return Outcome("retry", attempt.describe(), attempt.retry_after, whole_channel=attempt.status in _OUT_OF_ORDER)

    def _run(self, attempt: _Attempt) -> None:
        _attempt.watched = attempt
        attempt.code_name = _CODES.get(self._service)
        try:
            # A service of Markdown is told that this is some: apprise would put backslashes into every link.
            markdown = self._plugin.resolve_format("text") == "markdown"
            attempt.taken = bool(
                self._plugin.notify(
                    body=attempt.body.replace("\n", "  \n") if markdown else attempt.body,
                    title=attempt.title,
                    body_format="markdown" if markdown else "text",
                )
            )
        except Exception as error:  # noqa: BLE001 - of any of 200 services; its words may hold the address
            attempt.error = type(error).__name__
        finally:
            _attempt.watched = None


@dataclass(slots=True)
class _Attempt:
    title: str
    body: str
    code_name: str | None = None
    taken: bool = False
    error: str = ""
    status: int | None = None
    code: int | None = None
    retry_after: float | None = None

    def note(self, answer: Any) -> None:
        """What apprise keeps to itself."""
        self.status = answer.status_code
        wait = answer.headers.get("Retry-After", "")
        self.retry_after = float(wait) if self.status in _SERVERS_WAIT and re.fullmatch(r"\d{1,6}", wait) else None
        if self.code_name is not None:
            try:
                code = answer.json()[self.code_name]
            except (ValueError, TypeError, KeyError):
                code = None
            self.code = code if isinstance(code, int) else None

    def describe(self) -> str:
        if self.code:
            return f"the service answered {self.code_name} {self.code}"
        if self.status is not None:
            return f"the service answered HTTP {self.status}"
        return f"the service can't be reached{f' ({self.error})' if self.error else ''}"


class _Watched:
    """The module requests as a service of apprise sees it: answers are looked at, redirects never followed."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._requests, name)
        if name not in _VERBS:
            return found

        def ask(*values: Any, **options: Any) -> Any:
            answer = found(*values, **options | {"allow_redirects": False})
            attempt = getattr(_attempt, "watched", None)
            if attempt is not None:
                attempt.note(answer)
            return answer

        return ask


def _load_plugin(url: Secret) -> Any:
    """None where apprise understands no such address. Raises ImportError."""
    import apprise  # noqa: PLC0415 - optional, and a third of a second

    _silence()
    asset = apprise.AppriseAsset(
        storage_mode="memory", http_redirects=False, pgp_autogen=False, pem_autogen=False, interpret_escapes=False
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it loads all its services, some of which load what Python drops
            plugin = apprise.Apprise.instantiate(url.reveal(), asset=asset)
    except Exception:  # noqa: BLE001 - of any of 200 services; its words may hold the address
        return None
    if plugin is None:
        return None
    # Whatever the address asks for: attempts are ours to count, and the number of targets is multiplied by them.
    plugin.retry = 0
    plugin.redirects = False
    for kind in type(plugin).__mro__:
        module = sys.modules.get(kind.__module__)
        requests = getattr(module, "requests", None)
        if kind.__module__.startswith("apprise.plugins.") and requests and not isinstance(requests, _Watched):
            module.requests = _Watched(requests)  # type: ignore[union-attr]
    return plugin


def _silence() -> None:
    import urllib3  # noqa: PLC0415 - comes with apprise

    with _quiet:
        for name in _LOUD:
            logger = logging.getLogger(name)
            logger.propagate = False
            logger.handlers = [logging.NullHandler()]
        urllib3.disable_warnings()


def neutralize(text: str) -> str:
    """The text as every service shows it and none acts on it; links stay what they are."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts += [_defuse(text[end : link.start()]), link[0].replace("@", "%40")]
        end = link.end()
    return "".join([*parts, _defuse(text[end:])])


def _defuse(text: str) -> str:
    plain = spell_out(text, keep="\n\u200c\u200d")  # the joiners of Indic scripts and of emoji
    plain = _ENTITY.sub("＆", plain.replace("||", "｜｜"))
    return _HEADING.sub(lambda match: match[1] + "＃" * len(match[2]), plain).translate(_FULL_WIDTH)


def _cut(text: str, limit: int) -> str:
    """To so many UTF-16 units: services that count characters count an emoji as two."""
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
