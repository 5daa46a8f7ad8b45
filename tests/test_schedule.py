"""Units for systemd, cron and Kubernetes: read as the three schedulers read them, and run as far as that goes here."""

import ctypes.util
import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import StorageError, UsageError
from archive.ops import units
from archive.ops.daily import Daily, convert, find_machine_zone, read_daily
from archive.ops.installation import Installation, find_installation
from archive.ops.units import save, write_cron, write_kubernetes, write_systemd
from archive.ops.words import quote_command, quote_path, quote_value
from archive.replica import Site, catalogue, serve
from archive.store import DataDirectory, hold_lock
from tests.command import BIN, Desk, environment
from tests.crawls import TAG

NIGHT = Daily(2, 30, "Asia/Shanghai")
SYSTEMD = Path("/lib/systemd/systemd")
NASTY = (
    "/a b/c",
    "/per%cent %h %%n",
    "/dollar $HOME $$ ${x} $(id)",
    "/quotes \" ' `",
    "/back\\slash \\n \\x41 end\\",
    "/报告 数据/艾媒",
    "/semi ; colon & pipe | # hash",
    "/-+!@:=~*?[]{}<>()",
    "/ends in a blank ",
)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters="/")
    | st.sampled_from(" \"'\\%$;#`"),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."})
paths = names.map("/{}".format) | st.sampled_from(NASTY)


def installed(data="/srv/baogao", config=None, program="/opt/baogao/bin/baogao", user="baogao"):
    config = Path(config) if config else None
    places = tuple(Path(each) for each in (program, data, *([config] if config else [])))
    return Installation((program,), Path(data), config, user, places)


def settings_of(unit):
    """[(name, value)] of a unit file."""
    assert not re.search(r"\\$|[ \t]$", unit, re.MULTILINE), "a line that systemd joins with the next, or cuts"
    lines = [line for line in unit.split("\n") if line and line[0] not in "#;["]
    return [tuple(line.split("=", 1)) for line in lines]


def words_of(value):
    """As systemd.syntax(7) tells it: words, quotes, escapes and specifiers, all of them but variables."""
    words, word, quote, place = [], None, "", 0
    while place < len(value):
        character = value[place]
        place += 1
        if character == "\\":
            assert value[place] in "\\\"'", "an escape that means something"
            word = (word or "") + value[place]
            place += 1
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "\"'":
            word, quote = word or "", character
        elif character == " ":
            words, word = words + ([] if word is None else [word]), None
        else:
            word = (word or "") + character
    assert not quote
    return [despecify(word) for word in words + ([] if word is None else [word])]


def despecify(word):
    assert not re.search(r"(?<!%)(%%)*%(?!%)", word), "a specifier that means something"
    return word.replace("%%", "%")


def devariable(word):
    assert not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", word), "a variable"
    return word.replace("$$", "$")


def command_of(value):
    program, *arguments = words_of(value)
    arguments = [devariable(word) for word in arguments]
    if program == "/bin/sh":
        assert arguments[:2] == ["-c", 'exec "$0" "$@"']
        return arguments[2:]
    assert not set("\"'\\") & set(program), "systemd refuses it"
    return [program, *arguments]


def lines_of(crontab):
    return [line for line in crontab.splitlines() if line and not line.startswith("#")]


def hand_to_shell(line):
    """What cron hands to the shell: five fields off, a % is the end, a % behind a backslash is one."""
    command = line.split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace("\\%", "%")


@pytest.mark.parametrize(
    "text", ["2:30 UTC", "24:00 UTC", "02:60 UTC", "02:30", "02:30  UTC", "02:30 UTC ", "٠٢:٣٠ UTC", "02:30 ../x", ""]
)
def test_a_bad_time_of_day_is_told_what_is_allowed(text):
    with pytest.raises(UsageError, match=r"HH:MM ZONE"):
        read_daily(text)


def test_a_zone_that_is_not_is_told_a_near_one():
    with pytest.raises(UsageError, match=r"did you mean Asia/Shanghai\?"):
        read_daily("02:30 Asia/Shangai")
    assert read_daily("23:59 Europe/Berlin") == Daily(23, 59, "Europe/Berlin")


def test_the_command_refuses_a_bad_time_with_exit_code_2(tmp_path):
    said = Desk(tmp_path / "data").run("schedule", "cron", "--at", "02:30 Peking")
    assert said.code == 2
    assert "HH:MM ZONE" in said.sentence


def test_the_machines_clock_shows_it_at_another_time():
    summer, winter = date(2026, 7, 1), date(2026, 1, 5)
    utc = convert(NIGHT, ZoneInfo("UTC"), today=summer)
    assert (utc.hour, utc.minute, utc.until) == (18, 30, None)
    berlin = convert(NIGHT, ZoneInfo("Europe/Berlin"), today=summer)
    assert (berlin.hour, berlin.minute, berlin.until) == (20, 30, date(2026, 10, 26))
    assert convert(NIGHT, ZoneInfo("Europe/Berlin"), today=winter).hour == 19
    kathmandu = convert(NIGHT, ZoneInfo("Asia/Kathmandu"), today=winter)
    assert (kathmandu.hour, kathmandu.minute) == (0, 15)


def test_the_machines_zone_is_that_of_the_system(tmp_path):
    zone = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    zone.parent.mkdir(parents=True)
    source = Path("/usr/share/zoneinfo/Europe/Berlin")
    if not source.exists():
        pytest.skip("this system has no time zones of its own")
    shutil.copy(source, zone)
    (tmp_path / "localtime").symlink_to(zone)
    found = find_machine_zone(tmp_path / "localtime")
    assert found.key == "Europe/Berlin"
    assert convert(NIGHT, found, today=date(2026, 7, 1)).hour == 20
    shutil.copy(zone, tmp_path / "copied")
    assert convert(NIGHT, find_machine_zone(tmp_path / "copied"), today=date(2026, 7, 1)).zone == "local time"
    assert find_machine_zone(tmp_path / "none").key == "UTC"


@given(program=paths, data=paths, config=paths)
def test_paths_come_out_of_the_units_as_they_are(program, data, config):
    here = installed(data, config, program)
    files = write_systemd(here, NIGHT)
    for name, word in (("baogao-crawl.service", "crawl"), ("baogao-notify.service", "notify")):
        found = dict(settings_of(files[name]))
        assert command_of(found["ExecStart"]) == [program, "--data", data, "--config", config, word]
        assert words_of(found["ReadWritePaths"])[0] == data
        assert Path(despecify(found["WorkingDirectory"])) == Path(config).parent


@given(program=paths, data=paths, config=paths)
def test_paths_come_out_of_the_crontab_as_they_are(program, data, config):
    here = installed(data, config, program)
    crawl, notify = lines_of(
        write_cron(here, NIGHT, convert(NIGHT, ZoneInfo("UTC"), today=date(2026, 1, 5)))["baogao.cron"]
    )
    assert crawl.startswith("30 18 * * * ")
    words = shlex.split(hand_to_shell(crawl))
    assert words[:4] == ["cd", str(Path(config).parent), "&&", "/bin/sh"]
    assert words[5:] == ["6", program, "--data", data, "--config", config, "crawl"]
    assert [program, "--data", data, "--config", config, "notify;", "}"] == shlex.split(hand_to_shell(notify))[-7:]


@given(config=paths, data=paths)
def test_paths_come_out_of_the_manifest_as_they_are(config, data):
    text = write_kubernetes(installed(data, config), NIGHT, image="registry.example.org/baogao:1")["baogao.yaml"]
    (told,) = [line for line in text.splitlines() if "create configmap" in line]
    assert shlex.split(told.removeprefix("#"))[-1] == f"--from-file=baogao.toml={config}"
    assert len(list(yaml.safe_load_all(text))) == 3


@pytest.fixture
def open_path():
    """A directory for another user: pytest's own may not be entered."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_systemd_itself_reads_what_was_written(open_path):
    """systemd's own parser: --test loads the units, prints what it understood, and starts nothing."""
    if not SYSTEMD.exists():
        pytest.skip("there is no systemd here")
    units = open_path / "units"
    units.mkdir()
    programs = [open_path / f"p{number}{path.replace('/', '_')}" for number, path in enumerate(NASTY)]
    for number, (path, program) in enumerate(zip(NASTY, programs, strict=True)):
        value = {"ReadWritePaths": quote_path(path), "WorkingDirectory": quote_value(path)}
        lines = "\n".join(f"{name}={each}" for name, each in value.items())
        command = quote_command((str(program), "--data", path, "crawl"))
        (units / f"t{number}.service").write_text(f"[Service]\nType=oneshot\nExecStart={command}\n{lines}\n")
    wanted = " ".join(f"t{number}.service" for number in range(len(NASTY)))
    (units / "default.target").write_text(f"[Unit]\nWants={wanted}\n")
    said = subprocess.run(
        [*unprivileged(), SYSTEMD, "--test", "--user", "--log-target=console"],
        env={
            "PATH": os.environ["PATH"],
            "XDG_RUNTIME_DIR": str(open_path),
            "SYSTEMD_UNIT_PATH": str(units),
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    dumped = said.stdout + said.stderr
    if "Unit t0.service" not in dumped:
        pytest.skip("systemd --test does not run here")
    for number, (path, program) in enumerate(zip(NASTY, programs, strict=True)):
        (mine,) = [each for each in dumped.split("-> Unit ") if each.startswith(f"t{number}.service:\n")]
        found = dict(re.findall(r"\t(ReadWritePaths|WorkingDirectory|Command Line): (.*)\n", mine))
        assert found["ReadWritePaths"] == path
        assert found["WorkingDirectory"] == path
        escaped = re.sub(r"\\(.)", lambda pair: pair[1] if pair[1] in "$`" else pair[0], found["Command Line"])
        first, *rest = shlex.split(escaped)
        rest = [devariable(word) for word in rest]
        words = rest[2:] if first == "/bin/sh" else [first, *rest]
        assert words == [str(program), "--data", path, "crawl"]


def unprivileged():
    """systemd --user refuses root."""
    if os.getuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv here")
    return ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def need_systemd_analyze():
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")


def written(tmp_path, **more):
    """The units of an installation that is there: for those who look whether the program is."""
    for name in ("opt", "srv"):
        (tmp_path / name).mkdir()
    program = tmp_path / "opt" / "baogao"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    here = replace(installed(str(tmp_path / "srv"), program=str(program), **more), places=())
    save(write_systemd(here, NIGHT), tmp_path / "units")
    return sorted((tmp_path / "units").iterdir())


def test_systemd_analyze_finds_no_fault(tmp_path):
    need_systemd_analyze()
    said = subprocess.run(
        ["systemd-analyze", "verify", *written(tmp_path, user="daemon")], capture_output=True, text=True, check=False
    )
    ours = [line for line in said.stderr.splitlines() if "baogao" in line]
    assert (said.returncode, ours) == (0, [])


def test_the_services_are_as_closed_as_the_documents_say(tmp_path):
    need_systemd_analyze()
    for unit in written(tmp_path, user="daemon"):
        if unit.suffix == ".service":
            said = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            (score,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
            assert float(score) <= 1.3, said.stdout


def test_a_home_is_closed_but_where_something_lies_in_one():
    closed = dict(settings_of(write_systemd(installed(), NIGHT)["baogao-crawl.service"]))
    assert (closed["ProtectHome"], closed["PrivateTmp"]) == ("yes", "yes")
    for data in ("/home/me/data", "/root/data", "/tmp/data"):
        found = dict(settings_of(write_systemd(installed(data), NIGHT)["baogao-crawl.service"]))
        if data.startswith("/tmp"):
            assert (found["PrivateTmp"], words_of(found["ReadWritePaths"])) == ("no", [data, "/tmp"])
        else:
            assert found["ProtectHome"] == "read-only"


def test_what_is_no_failure_is_told_to_systemd():
    files = write_systemd(installed(), NIGHT)
    ending_well = {
        name: dict(settings_of(files[f"baogao-{name}.service"]))["SuccessExitStatus"] for name in ("crawl", "notify")
    }
    assert ending_well == {"crawl": "6 143", "notify": "6 8 143"}
    timer = dict(settings_of(files["baogao-crawl.timer"]))
    assert timer["OnCalendar"] == "*-*-* 02:30:00 Asia/Shanghai"
    assert timer["Persistent"] == "true"
    assert "RuntimeMaxSec" not in dict(settings_of(files["baogao-crawl.service"]))


#: a launcher: the unit's own system call filter, no memory that is writable and executable, then the command
CONFINED = """
import ctypes, os, sys
allowed, command = sys.argv[1].split(","), sys.argv[2:]
seccomp, libc = ctypes.CDLL("libseccomp.so.2"), ctypes.CDLL(None)
seccomp.seccomp_init.restype = ctypes.c_void_p
seccomp.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
rules = seccomp.seccomp_init(0x00050001)
for name in allowed:
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        assert seccomp.seccomp_rule_add(rules, 0x7FFF0000, number, 0) == 0
libc.prctl(65, 1, 0, 0, 0)
libc.prctl(38, 1, 0, 0, 0)
assert seccomp.seccomp_load(rules) == 0
os.execv(command[0], command)
"""


def expand(name):
    """The system calls of one of systemd's groups."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    ).stdout
    found = set()
    for line in said.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= expand(word) if word.startswith("@") else {word}
    return found


def test_a_night_needs_no_more_than_the_service_allows(tmp_path):
    """The filter of the unit, loaded for real: one call that is missing, and the night fails."""
    need_systemd_analyze()
    if not ctypes.util.find_library("seccomp"):
        pytest.skip("there is no libseccomp here")
    unit = settings_of(write_systemd(installed(), NIGHT)["baogao-crawl.service"])
    allowed = set()
    for value in (value for name, value in unit if name == "SystemCallFilter"):
        called = set().union(*map(expand, value.removeprefix("~").split()))
        allowed = allowed - called if value.startswith("~") else allowed | called
    through = (sys.executable, "-c", CONFINED, ",".join(sorted(allowed)))
    with serve(Site.of(TAG, catalogue(20))) as served, Desk(tmp_path / "data") as desk:
        assert desk.crawl(served.url(TAG), through=through).code == 0
        assert desk.run("notify", through=through).code == 0
        assert desk.crawl(served.url(TAG), through=(*through[:3], "read,write,execve,exit_group")).code != 0


def run_line(line, home, **variables):
    """As cron runs it: /bin/sh, next to no environment, the home directory."""
    return subprocess.run(
        ["/bin/sh", "-c", hand_to_shell(line)],
        cwd=home,
        env={"HOME": str(home), "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "x", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_line_is_silent_when_all_is_well_and_short_when_not(tmp_path):
    """A real night from a crontab, in a directory with everything in its name that means something to somebody."""
    home = tmp_path / "home"
    home.mkdir()
    place = tmp_path / '报告 50% $HOME "it\'s" \\n'
    place.mkdir()
    config = place / "baogao.toml"
    site = Site.of(TAG, catalogue(20))
    with serve(site) as served:
        config.write_text(f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{served.url(TAG)}"\n')
        said = Desk(place / "data").run("--config", str(config), "schedule", "cron")
        crawl, notify = lines_of(said.out)
        before = run_line(notify, home)
        first = run_line(crawl, home)
        assert [(each.returncode, each.stdout, each.stderr) for each in (before, first)] == [(0, "", "")] * 2
        assert (place / "data" / "archive.db").exists()
        after = run_line(notify, home)
        assert (after.returncode, after.stdout, after.stderr) == (0, "", "")
    failed = run_line(crawl, home)
    verdict = json.loads(Desk(place / "data").run("runs", "2", "--json").out)
    code = (verdict[0] if isinstance(verdict, list) else verdict)["exit_code"]
    assert failed.returncode == code == 3
    assert failed.stdout == ""
    report = failed.stderr.splitlines()
    assert report[0].startswith("baogao: crawl on ")
    assert report[0].endswith(" ended with exit code 3:")
    assert report[-1].startswith("run 2 partial: ")
    assert len(report) <= 13
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "fine", "told"), [(0, "", False), (6, "6 8", False), (8, "6 8", False), (8, "6", True), (143, "6", True)]
)
def test_the_wrapper_keeps_the_exit_code(code, fine, told, tmp_path):
    import archive.ops.units

    quiet = archive.ops.units._TEMPLATES / "quiet.sh"
    said = subprocess.run(
        ["/bin/sh", quiet, fine, "/bin/sh", "-c", f"echo out; echo 100% >&2; exit {code}", "crawl"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (code, "")
    assert said.stderr.endswith(f"ended with exit code {code}:\nout\n100%\n") if told else said.stderr == ""


def test_a_line_that_cron_would_cut_is_refused():
    local = convert(NIGHT, ZoneInfo("UTC"), today=date(2026, 1, 5))
    with pytest.raises(UsageError, match="too long for a crontab"):
        write_cron(installed("/" + "x" * 250 + "/" + "y" * 250, "/" + "z" * 250 + "/baogao.toml"), NIGHT, local)


def test_summer_time_is_told_to_who_has_it():
    berlin = convert(NIGHT, ZoneInfo("Europe/Berlin"), today=date(2026, 7, 1))
    text = write_cron(installed(), NIGHT, berlin)["baogao.cron"]
    assert "2026-10-26" in text
    assert "CRON_TZ=Asia/Shanghai" in text
    same = write_cron(installed(), NIGHT, convert(NIGHT, ZoneInfo("UTC"), today=date(2026, 7, 1)))["baogao.cron"]
    assert "CRON_TZ" not in same


def manifests(config=None, image="baogao:1"):
    return list(yaml.safe_load_all(write_kubernetes(installed(config=config), NIGHT, image=image)["baogao.yaml"]))


def test_the_manifests_fit_the_schema_of_kubernetes():
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for manifest in manifests():
        for version in ("1.27", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(manifest, version, strict=True)
    broken = manifests()[1]
    broken["spec"]["concurrency"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.27", strict=True)


def test_the_jobs_are_closed_and_never_overlap():
    volume, *jobs = manifests()
    assert [job["metadata"]["name"] for job in jobs] == ["baogao-crawl", "baogao-notify"]
    for job in jobs:
        assert job["apiVersion"] == "batch/v1"
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        template = job["spec"]["jobTemplate"]["spec"]
        assert (template["backoffLimit"], template["activeDeadlineSeconds"] > 0) == (0, True)
        pod = template["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "env" not in container
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]} == {"data", "tmp", "config"}
        claims = [
            each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if "persistentVolumeClaim" in each
        ]
        assert claims == [volume["metadata"]["name"]]
    crawl = jobs[0]["spec"]
    assert (crawl["schedule"], crawl["timeZone"], crawl["startingDeadlineSeconds"]) == (
        "30 2 * * *",
        "Asia/Shanghai",
        14400,
    )
    assert crawl["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 5 * 3600


def test_a_job_fails_for_what_a_person_must_look_at_only(tmp_path):
    """The very words of the manifests: before the first night, beside another one at work, and while messages wait."""
    arguments = {
        job["metadata"]["name"]: job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
        for job in manifests()[1:]
    }
    crawl, notify = arguments["baogao-crawl"], arguments["baogao-notify"]
    desk = Desk(tmp_path / "data")
    missing = desk.run(*notify)
    assert (missing.code, "There is no archive at" in missing.sentence) == (2, True)  # the volume is not mounted
    desk.data.mkdir()
    first = desk.run(*notify)
    assert (first.code, first.out, first.err) == (0, "nothing to send before the first night.\n", "")
    assert desk.run(*notify, "--json").json["sent"] == 0
    assert list(desk.data.iterdir()) == []
    site = Site.of(TAG, catalogue(20))
    with serve(site) as served:
        (tmp_path / "baogao.toml").write_text(
            f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{served.url(TAG)}"\n[[alert]]\nname = "all"\nto = ["hook"]\n'
            '[channel.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\nallow_private = true\n'
        )
        assert desk.run(*crawl).code == 0
        for name, words in (("lock", crawl), ("notify.lock", notify)):
            with hold_lock(DataDirectory(desk.data), command="by hand", started_at="2026-01-01T00:00:00Z", name=name):
                assert desk.run(words[0]).code == 6
                busy = desk.run(*words)
            assert (busy.code, "`by hand`" in busy.sentence) == (0, True)
        site.publish(catalogue(21)[20], TAG)
        assert desk.run(*crawl).code == 8  # said once a day
        assert [desk.run(*words).code for words in (notify, notify[:1])] == [0, 8]


def test_a_configuration_that_there_is_must_be_given_to_the_cluster():
    for config, optional in ((None, True), ("/etc/baogao.toml", False)):
        for job in manifests(config)[1:]:
            volumes = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
            assert [each["configMap"]["optional"] for each in volumes if "configMap" in each] == [optional]


@pytest.mark.parametrize("image", ["", "a b", "a\nb", '"', "-x", "x" * 500])
def test_what_is_no_image_is_refused(image):
    with pytest.raises(UsageError, match="no name of an image"):
        manifests(image=image)


@pytest.mark.parametrize("name", ["line\nbreak", "escape\x1b[31m", "turned\u202e", os.fsdecode(b"half\xe4")])
def test_a_path_that_no_unit_can_hold_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="no unit file can hold"):
        find_installation(tmp_path / name, None)


def test_a_path_that_goes_up_is_named_plainly(tmp_path):
    """systemd refuses a unit whose WorkingDirectory= holds ".."."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    up = tmp_path / "here" / ".."
    installation = find_installation(up / "data", up / "there" / "baogao.toml")
    assert (installation.data, installation.directory) == (tmp_path / "data", tmp_path / "there")
    (tmp_path / "link").symlink_to("there")
    assert find_installation(tmp_path / "link", None).data == tmp_path / "link"


def test_the_units_name_this_installation(tmp_path):
    with Desk(tmp_path / "data") as desk:
        (tmp_path / "baogao.toml").write_text("[crawl]\ndelay = 3\n")
        desk.data.mkdir()
        files = desk.run("schedule", "systemd", "--json").json["files"]
        found = dict(settings_of(files["baogao-crawl.service"]))
        program = [str(BIN / "baogao"), "--data", str(desk.data), "--config", str(tmp_path / "baogao.toml"), "crawl"]
        assert command_of(found["ExecStart"]) == program
        assert found["User"] == desk.data.owner()
        stream = desk.run("schedule", "systemd").out
        assert all(f"# ──── {name} ────\n{content}" in stream for name, content in files.items())
        (tmp_path / "baogao.toml").write_text("[crawl]\nspeed = 3\n")
        assert "crawl.speed" in desk.run("schedule", "systemd").sentence


def test_a_program_in_a_closed_home_is_told(tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "baogao").touch()
    closed = installed(str(tmp_path), program=str(tmp_path / "home" / "bin" / "baogao"))
    other = replace(closed, places=(tmp_path / "home" / "baogao", tmp_path), user="daemon")
    assert other.find_closed() in {tmp_path / "home", *tmp_path.parents}
    assert replace(other, user="root").find_closed() is None
    assert replace(other, places=(Path("/usr/bin/baogao"),)).find_closed() is None


def test_files_are_written_and_never_over_others(tmp_path):
    with Desk(tmp_path / "data") as desk:
        there = tmp_path / "units"
        assert [desk.run("schedule", "systemd", "-o", there).code for _ in range(2)] == [0, 0]
        (there / "baogao-notify.timer").write_text("# mine\n")
        changed = desk.run("schedule", "systemd", "-o", there, "--at", "03:00 UTC")
        assert changed.code == 2
        assert str(there / "baogao-crawl.timer") in changed.sentence
        assert "02:30:00 Asia/Shanghai" in (there / "baogao-crawl.timer").read_text()
        assert (there / "baogao-notify.timer").read_text() == "# mine\n"
        (tmp_path / "file").touch()
        assert desk.run("schedule", "cron", "-o", tmp_path / "file").code == 2
        (tmp_path / "taken" / "baogao.cron").mkdir(parents=True)
        assert desk.run("schedule", "cron", "-o", tmp_path / "taken").code == 2
        nowhere = desk.run("schedule", "cron", "-o", "/proc/units")
        assert (nowhere.code, "/proc/units can't be written" in nowhere.sentence) == (2, True)


def test_all_files_are_written_or_none(tmp_path):
    with pytest.raises(UsageError, match="can't be written"):
        save({"one": "1", "nowhere/two": "2"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StorageError), (errno.EACCES, UsageError)])
def test_a_full_disk_is_no_wrong_name(tmp_path, monkeypatch, number, kind):
    def write(path, content):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(units, "write_new", write)
    with pytest.raises(kind, match=r"can't be written .* name another with -o"):
        save({"one": "1"}, tmp_path)


def test_a_pipe_gets_what_kubectl_reads(tmp_path):
    said = subprocess.run(
        [
            BIN / "baogao",
            "--data",
            tmp_path,
            "schedule",
            "kubernetes",
            "--at",
            "04:05 UTC",
            "--image",
            "r.example.org/b:2",
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    _, crawl, _ = yaml.safe_load_all(said.stdout)
    assert crawl["spec"]["schedule"] == "5 4 * * *"
    assert crawl["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] == "r.example.org/b:2"
