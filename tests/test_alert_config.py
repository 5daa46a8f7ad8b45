"""[[alert]] and [channel.NAME]: what is allowed, what each mistake is told, and no secret in the file."""

import os
import subprocess
import sys
from datetime import time

import pytest

from archive.alerts.rules import ChatChannel, SmtpChannel, WebhookChannel
from archive.alerts.schedule import next_daily
from archive.alerts.secret import Secret, Source
from archive.config import load_config
from archive.errors import UsageError

FULL = """
[web]
base_url = "https://reports.example.org/"

[[alert]]
name = "digital-money"
match = '数字人民币 OR "digital RMB"'
on = ["appeared", "changed", "withdrawn", "reappeared"]
changed = ["figures", "title", "wording:zh"]
listing = ["tag:虚构日报"]
to = ["mail", "team-chat", "hook"]
digest = "daily 08:30 Asia/Shanghai"

[[alert]]
name = "全部"
to = ["hook"]

[channel.mail]
type = "smtp"
url = "smtp://reader%40example.org@mail.example.org"
password_env = "BAOGAO_SMTP_PASSWORD"
to = ["a@example.org", "b@example.org"]
unsubscribe = "mailto:stop@example.org"

[channel.hook]
type = "webhook"
url = "https://hook.example.org/in?x=1"
secret_env = "BAOGAO_HOOK_SECRET"

[channel.team-chat]
type = "apprise"
url_file = "chat.url"
"""

RULE = '[[alert]]\nname = "x"\nto = ["hook"]\n'
HOOK = '[channel.hook]\ntype = "webhook"\nurl = "https://hook.example.org/"\n'
MAIL = '[channel.mail]\ntype = "smtp"\nurl = "smtp://mail.example.org"\nto = ["a@example.org"]\n'


def load(tmp_path, text):
    file = tmp_path / "baogao.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def test_whole_configuration(tmp_path):
    config = load(tmp_path, FULL)
    first, second = config.rules
    assert first.name == "digital-money"
    assert first.to == ("mail", "team-chat", "hook")
    assert first.on == {"appeared", "changed", "withdrawn", "reappeared"}
    assert first.changed == ("figures", "title", "wording:zh")
    assert first.listings == ("tag:虚构日报",)
    assert (first.digest.form, first.digest.at, str(first.digest.zone)) == ("daily", time(8, 30), "Asia/Shanghai")
    assert (second.match, second.on, second.digest.form) == (None, {"appeared"}, "run")
    mail, hook, chat = (config.channels[name] for name in ("mail", "hook", "team-chat"))
    assert isinstance(mail, SmtpChannel)
    assert (mail.host, mail.port, mail.user, mail.sender) == (
        "mail.example.org", 587, "reader@example.org", "reader@example.org",
    )  # fmt: skip
    assert mail.security == "starttls"
    assert isinstance(hook, WebhookChannel)
    assert not hook.allow_private
    assert isinstance(chat, ChatChannel)
    assert config.base_url == "https://reports.example.org"


def test_no_alerts_at_all(tmp_path):
    config = load(tmp_path, "")
    assert config.rules == ()
    assert not config.channels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE, "there is no [channel.hook] in this file; there are: none yet"),
        (RULE.replace("hook", "mail") + HOOK, "there are: hook"),
        (RULE + RULE + HOOK, "`alert[1].name`: 'x' is the name of an earlier rule"),
        (RULE.replace('"x"', '" x"') + HOOK, "`alert[0].name`: allowed are 1 to 64 printable characters"),
        (RULE.replace('"x"', '"a\\nb"') + HOOK, "`alert[0].name`"),
        (RULE + 'match = "-银行"\n' + HOOK, "`alert[0].match`: The query only says what to leave out"),
        (RULE + 'match = "。"\n' + HOOK, "`alert[0].match`: There is nothing to search for"),
        (RULE + 'on = ["canary"]\n' + HOOK, "`alert[0].on[0]`: allowed: appeared, changed, withdrawn, reappeared."),
        (RULE + "on = []\n" + HOOK, "`alert[0].on`"),
        (RULE + 'on = ["changed"]\nchanged = ["figure"]\n' + HOOK, "'figure' is no kind of change; allowed: title"),
        (RULE + 'changed = ["figures"]\n' + HOOK, '`alert[0].changed`: only speaks where `on` holds "changed"'),
        (RULE + 'digest = "weekly"\n' + HOOK, "`alert[0].digest`: allowed are"),
        (RULE + 'digest = "daily 24:00 UTC"\n' + HOOK, "`alert[0].digest`: allowed are"),
        (RULE + 'digest = "daily 08:30 Asia/Peking"\n' + HOOK, "'Asia/Peking' is no time zone"),
        (RULE + 'digest = "daily 08:30 ../../etc/passwd"\n' + HOOK, "is no time zone"),
        (RULE + 'subject = "x"\n' + HOOK, "unknown key `alert[0].subject`; allowed here: name, to, match"),
        (HOOK.replace('"webhook"', '"mqtt"'), "`channel.hook.type`: allowed: smtp, webhook, apprise"),
        (HOOK + 'secret = "whsec_canary"\n', "A secret never stands in this file: use secret_env or secret_file"),
        (HOOK + 'secret_env = "whsec_canary="\n', "`channel.hook.secret_env`: allowed is the name of an environment"),
        (HOOK + 'secret_env = "A"\nsecret_file = "b"\n', "give secret_env or secret_file, not both"),
        (HOOK.replace("https", "http"), "plain http:// only with allow_private = true"),
        (HOOK.replace("hook.ex", "u:canary@hook.ex"), "a user name or password does not belong into the address"),
        (HOOK.replace("https://hook.example.org/", "ftp://canary/"), "`channel.hook.url`: is no web address"),
        (HOOK.replace('url = "https://hook.example.org/"', ""), "give its address with one of url, url_env"),
        (HOOK + 'colour = "red"\n', "`channel.hook`: unknown key `colour`; allowed here: type, url, url_env"),
        (HOOK + 'allow_private = "canary"\n', "`channel.hook`: `allow_private`: expected `bool`"),
        (MAIL.replace("//mail", "//me:canary@mail"), "a password never stands in this file"),
        (MAIL.replace("//mail", "//me@mail"), "go together"),
        (MAIL + 'password_env = "P"\n', "go together"),
        (MAIL + 'tls = "canary"\n', "`channel.mail`: `tls`: allowed: starttls, none."),
        (MAIL + 'tls = "none"\n', "allowed only for smtp:// on a loopback address"),
        (MAIL.replace("a@example.org", "a@example.org\\nBcc: x@y.z"), "`channel.mail.to[0]`: is no mail address"),
        (MAIL.replace("smtp://mail.example.org", "mail.example.org"), "`channel.mail.url`: allowed is smtp://"),
        (MAIL + 'unsubscribe = "javascript:x"\n', "`channel.mail.unsubscribe`"),
        (MAIL + 'from = "nobody"\n', "`channel.mail.from`"),
        ('[channel.chat]\ntype = "apprise"\n', "name the variable that holds its address with url_env"),
        ('[channel.chat]\ntype = "apprise"\nurl = "slack://canary/a/b"\n', "unknown key `url`"),
        ('[web]\nbase_url = "reports.example.org"\n', "`web.base_url`"),
        ('[web]\nbase_url = "https://[::1"\n', "`web.base_url`: allowed is the address"),
        ('[web]\nbase_url = "https://reports.example.org:canary/"\n', "`web.base_url`: allowed is the address"),
        ("[channel]\nmail = 3\n", "`channel"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_never_repeated(tmp_path, text, told):
    with pytest.raises(UsageError) as error:
        load(tmp_path, text)
    assert told in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "baogao.toml"))
    assert "canary" not in str(error.value).replace("`secret`", "")


def test_plain_mail_on_loopback(tmp_path):
    channel = load(tmp_path, MAIL.replace("mail.example.org", "127.0.0.1:2525") + 'tls = "none"\n').channels["mail"]
    assert (channel.security, channel.port, channel.host) == ("none", 2525, "127.0.0.1")


def test_secret_shows_itself_to_nobody():
    secret = Secret("canary")
    assert "canary" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "canary"


def test_secret_from_the_environment():
    assert Source("channel.x.secret", "X").read({"X": " value \n"}).reveal() == "value"
    with pytest.raises(UsageError, match=r"channel\.x\.secret_env: the environment variable X is not set or empty"):
        Source("channel.x.secret", "X").read({})
    with pytest.raises(UsageError, match="can't be printed") as error:
        Source("channel.x.secret", "X").read({"X": "can\nary"})
    assert "ary" not in str(error.value)


def test_secret_that_systemd_hands_over(tmp_path, monkeypatch):
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / "key").write_text("value\n")
    (handed / "key").chmod(0o440)
    source = Source("channel.x.secret", file="key")
    assert source.read({"CREDENTIALS_DIRECTORY": str(handed)}).reveal() == "value"
    with pytest.raises(UsageError, match="can't be read"):
        source.read({})
    monkeypatch.chdir(handed)
    with pytest.raises(UsageError, match="may be read by others"):
        source.read({"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_secret_from_a_private_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("value\n")
    source = Source("channel.x.secret", file=str(file))
    file.chmod(0o640)
    with pytest.raises(UsageError, match=r"may be read by others \(mode 640\): run `chmod 600"):
        source.read({})
    file.chmod(0o600)
    assert source.read({}).reveal() == "value"
    file.write_text("")
    with pytest.raises(UsageError, match="is empty"):
        source.read({})
    with pytest.raises(UsageError, match="can't be read"):
        Source("channel.x.secret", file=str(tmp_path / "none")).read({})


def test_secret_file_below_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text("value\n")
    (tmp_path / "key").chmod(0o600)
    assert Source("channel.x.secret", file="~/key").read({}).reveal() == "value"
    for nowhere in ("~nobody-of-this-name/key", "/a\0b"):
        with pytest.raises(UsageError, match="can't be read"):
            Source("channel.x.secret", file=nowhere).read({})


def test_secret_file_that_is_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "key", 0o600)
    program = "import sys; from archive.alerts.secret import Source; Source('x.secret', None, sys.argv[1]).read({})"
    command = [sys.executable, "-c", program, str(tmp_path / "key")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert "can't be read (it is no regular file)" in done.stderr


@pytest.mark.parametrize("address", ["读者@例子.广告", "leser@münchen.example", "a+b@example.org"])
def test_an_address_in_another_script(tmp_path, address):
    assert load(tmp_path, MAIL.replace("a@example.org", address)).channels["mail"].to == (address,)


@pytest.mark.parametrize("where", [{"variable": "whsec_canary"}, {"variable": "canary"}, {"file": "canary"}])
def test_secret_typed_in_place_of_its_name_is_not_repeated(where):
    with pytest.raises(UsageError, match=r"channel\.x\.secret_(env|file): the .* that it names") as error:
        Source("channel.x.secret", **where).read({})
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        ("08:30 Asia/Shanghai", "2026-03-01T00:29:59Z", "2026-03-01T00:30:00Z"),
        ("08:30 Asia/Shanghai", "2026-03-01T00:30:00Z", "2026-03-02T00:30:00Z"),
        ("08:30 Asia/Shanghai", "2026-03-01T18:30:00Z", "2026-03-02T00:30:00Z"),
        ("02:30 Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T01:30:00Z"),  # 02:30 is skipped: at 03:30
        ("02:30 Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T00:30:00Z"),  # 02:30 comes twice: the first
        ("02:30 Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ("23:59", "2026-12-31T23:59:00Z", "2027-01-01T23:59:00Z"),
    ],
)
def test_next_daily(tmp_path, digest, now, due):
    (rule,) = load(tmp_path, RULE + f'digest = "daily {digest}"\n' + HOOK).rules
    assert next_daily(rule.digest, now=now) == due
