"""A canary in every place that a secret may have, every failure that there is, and then everything that was written."""

import base64
import gzip
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from archive.replica import Site, catalogue
from archive.replica import serve as serve_site
from tests.command import Desk
from tests.crawls import TAG
from tests.mail_server import Script, make_certificate, serve
from tests.webhook_receiver import Receiver, Reply


class Aviary:
    """Canaries by name, each one distinct; keys are base64, as webhooks want them."""

    def __init__(self):
        self.birds = {}

    def hatch(self, name):
        self.birds[name] = f"canary-{len(self.birds):02d}-{name}"
        return self.birds[name]

    def hatch_key(self, name):
        raw = f"canary-{len(self.birds):02d}-{name:-<24}"[:40]
        self.birds[name] = base64.b64encode(raw.encode()).decode()
        return f"whsec_{self.birds[name]}"

    def spellings(self):
        """(name, bytes) in every form in which a program might write them."""
        for name, bird in self.birds.items():
            plain = bird.encode()
            yield from ((name, form) for form in {plain, quote(bird, safe="").encode(), base64.b64encode(plain)})
            yield name, base64.b64encode(plain).rstrip(b"=")[:-1]  # inside a longer text
            if bird.endswith("="):
                yield name, base64.b64decode(bird)


def private(path, content):
    path.write_text(content)
    path.chmod(0o600)
    return path


@pytest.fixture
def scene(tmp_path):
    """The configuration, its environment, and the servers that fail in every way."""
    aviary = Aviary()
    hatch, key = aviary.hatch, aviary.hatch_key
    replies = {
        "ok": Reply(),
        "fails": Reply(500, body="your secret is wrong"),
        "redirects": Reply(302, location="/elsewhere"),
        "gone": Reply(410),
        "resets": Reply(instead="reset"),
    }
    paths = {name: f"/{name}/{hatch(f'path-{name}')}?token={hatch(f'query-{name}')}" for name in replies}
    certificate = make_certificate(tmp_path / "server.pem")
    echo = Script({"AUTH": lambda argument: f"535 5.7.8 you said {argument}, and that is wrong"})
    site = Site.of(TAG, catalogue(15)[3:])
    with (
        Receiver({path.partition("?")[0]: replies[name] for name, path in paths.items()}) as receiver,
        serve(echo, certificate) as mail,
        serve_site(site) as served,
    ):
        environment = {
            "SSL_CERT_FILE": str(certificate),
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
        }
        for place in ("HOME", "TMPDIR"):
            Path(environment[place]).mkdir()
        channels = []

        def add(name, kind, **settings):
            lines = [f"[channel.{name}]", f'type = "{kind}"']
            channels.append("\n".join(lines + [f"{each} = {json.dumps(value)}" for each, value in settings.items()]))

        for name in replies:
            environment[f"KEYS_{name.upper()}"] = f"{key(f'new-{name}')} {key(f'old-{name}')}"
            add(name, "webhook", url=receiver.url(paths[name]), secret_env=f"KEYS_{name.upper()}", allow_private=True)
        environment["ADDRESS"] = f"http://127.0.0.1:9/{hatch('address-in-environment')}"
        add("refused", "webhook", url_env="ADDRESS", secret_file=str(private(tmp_path / "key", key("key-in-file"))),
            allow_private=True)  # fmt: skip
        file = private(tmp_path / "address", f"https://canary.invalid/{hatch('address-in-file')}")
        add("nowhere", "webhook", url_file=str(file))
        environment["BAD_ADDRESS"] = f"gopher://{hatch('bad-address')}/"
        add("unusable", "webhook", url_env="BAD_ADDRESS")
        environment["BAD_KEY"] = hatch("no key!")
        add("badkey", "webhook", url=receiver.url("/plain"), secret_env="BAD_KEY", allow_private=True)
        open_file = private(tmp_path / "open", hatch("file-for-everybody"))
        open_file.chmod(0o644)
        add("open", "webhook", url=receiver.url("/plain"), secret_file=str(open_file), allow_private=True)
        environment["PASSWORD"] = hatch("password")
        add("mail", "smtp", url=f"smtp://user@127.0.0.1:{mail.port}", password_env="PASSWORD", to=["a@example.org"])
        add("down", "smtp", url="smtp://user@127.0.0.1:9", to=["a@example.org"],
            password_file=str(private(tmp_path / "password", hatch("password-in-file"))))  # fmt: skip
        login = f"{hatch('chat-user')}:{hatch('chat-password')}@127.0.0.1:{receiver.port}"
        environment["CHAT"] = f"json://{login}{paths['fails']}&x={hatch('chat-query')}"
        add("chat", "apprise", url_env="CHAT")
        environment["NO_CHAT"] = f"nosuch://{hatch('no-chat')}"
        add("nochat", "apprise", url_env="NO_CHAT")
        environment["TWO_CHATS"] = f"json://127.0.0.1/{hatch('first')}, json://127.0.0.1/{hatch('second')}"
        add("twochats", "apprise", url_env="TWO_CHATS")
        names = [channel.partition("]")[0].removeprefix("[channel.") for channel in channels]
        rule = f'[[alert]]\nname = "all"\nto = {json.dumps(names)}\n'
        config = tmp_path / "baogao.toml"
        config.write_text("\n".join([rule, *channels]))
        yield tmp_path, site, served.url(TAG), environment, names, aviary, receiver, mail


def test_no_secret_is_written_anywhere(scene):
    root, site, url, environment, names, aviary, receiver, mail = scene
    desk = Desk(root / "data")
    written = []

    def run(*words):
        said = desk.run(*words, env=environment, timeout=120)
        written.append((" ".join(words), (said.out + said.err).encode()))
        return said

    assert run("crawl", "--delay", "0", "-v", url).code == 0
    for report in catalogue(3):
        site.publish(report, TAG)
    assert run("crawl", "--delay", "0", "-v", url).code == 8
    assert run("notify").code == 8
    assert run("notify", "--json").code == 8
    run("alerts", "list", "--all")
    run("alerts", "list", "--all", "--json")
    for name in names:
        run("alerts", "send-test", name)
        run("alerts", "send-test", "--json", name)
    run("alerts", "retry", "1", "2", "3", "4")
    run("--log-format", "json", "notify")
    for words in (["runs"], ["runs", "2", "--json"], ["changes", "--json"], ["export"], ["feed", "--json"], ["verify"]):
        run(*words)
    broken = root / "broken.toml"
    broken.write_text((root / "baogao.toml").read_text() + "\ncolour = 1\n")
    run("notify", "--config", str(broken))

    kept = {"key", "address", "open", "password", "baogao.toml", "broken.toml", "server.pem"}  # where we put them
    for path in sorted(root.rglob("*")):
        if path.is_file() and not (path.parent == root and path.name in kept):
            content = path.read_bytes()
            written.append((str(path.relative_to(root)), content))
            if path.suffix == ".gz":
                written.append((f"{path.name}, unpacked", gzip.decompress(content)))
    spellings = [(name, form) for name, form in aviary.spellings() if len(form) > 8]
    found = [(where, name) for where, content in written for name, form in spellings if form in content]
    size = sum(len(content) for _, content in written)
    print(  # noqa: T201
        f"{len(aviary.birds)} canaries, {len(spellings)} spellings, {len(written)} outputs and files, {size:,} bytes: "
        f"{len(found)} found"
    )
    assert found == []
    assert "data/alerts.db" in [where for where, _ in written]
    for name in ("path-ok", "query-gone"):  # they were used, and not only kept
        assert any(aviary.birds[name] in each.path for each in receiver.received)
    login = base64.b64encode(f"{aviary.birds['chat-user']}:{aviary.birds['chat-password']}".encode()).decode()
    assert any(login in each.headers.get("authorization", "") for each in receiver.received)
    assert ("AUTH", True) in mail.commands
