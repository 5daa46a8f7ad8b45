"""The Prometheus textfile: after good and bad nights, read by Prometheus's own parser; and its alerting rules."""

import errno
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archive.cli.context import Context
from archive.cli.measuring import measuring
from archive.errors import StorageError
from archive.metrics import HELP, Sample, write_metrics
from archive.pages import VERSION
from archive.replica import Site, catalogue, serve
from archive.store import DataDirectory
from tests.command import Desk, limited
from tests.crawls import TAG

DATA = DataDirectory(Path("/srv/baogao"))
RULES = Path(__file__).parent.parent / "archive" / "ops" / "prometheus-rules.yml"


def read(file):
    """{(name, labels): value}"""
    samples = {}
    for family in text_string_to_metric_families(file.read_text()):
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("archive").startswith("/")
            samples[sample.name.removeprefix("baogao_"), *sorted(labels.values())] = sample.value
    return samples


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


@pytest.fixture
def url():
    site = Site.of(TAG, catalogue(23))
    with serve(site) as served:
        yield served.url(TAG)


def test_a_good_night(desk, url, tmp_path):
    file = tmp_path / "baogao.prom"
    assert desk.crawl("--metrics", str(file), url).code == 0
    samples = read(file)
    assert {name for name, *_ in samples} <= set(HELP)
    assert samples["command_exit_code",] == samples["last_run_exit_code",] == 0
    assert samples["last_run_info", "1", str(VERSION), "complete"] == 1
    assert (
        samples["last_good_run_finished_timestamp_seconds",] == samples["last_run_finished_timestamp_seconds",] > 1.7e9
    )
    assert samples["listing_complete", f"tag:{TAG}"] == 1
    assert samples["listing_pages", "seen", f"tag:{TAG}"] == samples["listing_pages", "expected", f"tag:{TAG}"] == 3
    assert samples["listing_entries", f"tag:{TAG}"] == samples["reports", "listed"] == samples["versions",] == 23
    assert samples["events", "appeared"] == samples["event_alerts", "quiet"] == 23
    assert samples["responses", "200"] >= 4
    assert samples["field_coverage_ratio", "summary_en"] == samples["field_coverage_ratio", "summary_zh"] == 1
    assert samples["gate_passed", "entries-present", f"tag:{TAG}"] == 1
    assert samples["size_bytes", "warc"] > 1000
    assert samples["disk_free_bytes",] > 0
    assert not list(tmp_path.glob("baogao.prom.*"))


def test_nights_that_fail(desk, url, tmp_path):
    file = tmp_path / "baogao.prom"
    desk.crawl(url)
    assert desk.crawl("--metrics", str(file), "--max-pages", "1", url).code == 3
    samples = read(file)
    assert (samples["command_exit_code",], samples["listing_complete", f"tag:{TAG}"]) == (3, 0)
    assert samples["last_good_run_finished_timestamp_seconds",] < samples["command_timestamp_seconds",] + 1
    assert samples["issues", "warning"] >= 1
    assert desk.crawl("--metrics", str(file), "--config", "none.toml", url).code == 2
    assert read(file)["command_exit_code",] == 2
    (desk.data / "archive.db").write_bytes(b"no database " * 400)
    assert desk.crawl("--metrics", str(file), url).code == 7
    assert read(file)["command_exit_code",] == 7


def test_alerts_that_wait(desk, url, tmp_path):
    (tmp_path / "baogao.toml").write_text(
        '[[alert]]\nname = "all"\nto = ["hook"]\non = ["withdrawn", "appeared"]\n'
        '[channel.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\nallow_private = true\n'
    )
    file = tmp_path / "baogao.prom"
    site = Site.of(TAG, catalogue(25)[1:])
    with serve(site) as served:
        desk.crawl(served.url(TAG))
        site.publish(catalogue(1)[0], TAG)
        assert desk.crawl("--metrics", str(file), served.url(TAG)).code == 8
    samples = read(file)
    assert (samples["command_exit_code",], samples["last_run_exit_code",]) == (8, 0)
    assert samples["outbox_messages", "pending"] == 1
    assert samples["outbox_oldest_pending_seconds",] >= 0


def test_a_file_that_cannot_be_written_loses_no_night(desk, url, tmp_path):
    said = desk.crawl("--metrics", str(tmp_path / "none" / "baogao.prom"), url)
    assert said.code == 7
    assert "The metrics file" in said.err
    assert desk.query("SELECT outcome, exit_code FROM runs") == [("complete", 0)]
    said = desk.crawl("--metrics", str(tmp_path / "none" / "baogao.prom"), "--max-pages", "1", url)
    assert (said.code, "The metrics file" in said.err) == (3, True)


def test_an_old_file_outlasts_a_full_disk(desk, url, tmp_path):
    file = tmp_path / "baogao.prom"
    desk.crawl("--metrics", str(file), url)
    before = file.read_text()
    said = desk.run("crawl", "--delay", "0", "--metrics", str(file), url, through=limited(1))
    assert said.code == 7
    assert file.read_text() == before


def test_the_collector_may_read_it_under_any_umask(tmp_path):
    file = tmp_path / "baogao.prom"
    before = os.umask(0o077)
    try:
        write_metrics([Sample("versions", 1)], file, of=DATA)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError):
        write_metrics([Sample("versions", 1)], tmp_path / "taken", of=DATA)
    assert sorted(tmp_path.iterdir()) == [file, tmp_path / "taken"]


def test_what_is_no_metrics_file_is_never_replaced(desk, url, tmp_path):
    """A database, a configuration, and what is no file at all: as root, a night once put a file for /dev/null."""
    desk.crawl(url)
    said = desk.crawl("--metrics", str(desk.data / "archive.db"), url)
    assert (said.code, "no metrics file of baogao" in said.err) == (7, True)
    assert desk.query("SELECT count(*) FROM runs WHERE outcome = 'complete'") == [(2,)]
    pipe, config = tmp_path / "pipe", tmp_path / "baogao.toml"
    os.mkfifo(pipe)
    config.write_text("[crawl]\n")
    for taken in (pipe, config):
        with pytest.raises(StorageError, match="stays as it is"):
            write_metrics([Sample("versions", 1)], taken, of=DATA)
    assert pipe.is_fifo()
    assert config.read_text() == "[crawl]\n"


def test_an_earlier_one_and_what_a_link_leads_to_are_replaced(tmp_path):
    link, file = tmp_path / "link.prom", tmp_path / "baogao.prom"
    file.touch()
    link.symlink_to(file)
    for versions in (1, 2):
        write_metrics([Sample("versions", versions)], link, of=DATA)
        assert (link.is_symlink(), read(file)) == (True, {("versions",): versions})
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_the_exit_code_is_that_of_the_command(tmp_path):
    file = tmp_path / "baogao.prom"
    context = Context(tmp_path / "data")
    for error, code in [(OSError(errno.ENOSPC, "No space left"), 7), (BrokenPipeError(), 0), (KeyError("x"), 1)]:
        with pytest.raises(type(error)), measuring(context, file):
            raise error
        assert read(file)["command_exit_code",] == code


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed")
def test_the_alerting_rules_are_valid_and_fire(tmp_path):
    tests = tmp_path / "test.yml"
    tests.write_text(f"""
rule_files: [{RULES}]
evaluation_interval: 1h
tests:
  - interval: 1h
    input_series:
      - {{series: 'baogao_last_good_run_finished_timestamp_seconds', values: '0x10 36000x90'}}
      - {{series: 'baogao_command_timestamp_seconds', values: '0+3600x70'}}
      - {{series: 'baogao_command_exit_code', values: '0x20 4x60'}}
      - {{series: 'baogao_outbox_messages{{state="held"}}', values: '0x5 1x60'}}
    alert_rule_test:
      - {{eval_time: 30h, alertname: BaogaoNoGoodNight, exp_alerts: []}}
      - {{eval_time: 19h, alertname: BaogaoNeedsAPerson, exp_alerts: []}}
      - {{eval_time: 8h, alertname: BaogaoHeldForAPerson, exp_alerts: []}}
      - {{eval_time: 60h, alertname: BaogaoNeverAGoodNight, exp_alerts: []}}
      - {{eval_time: 99h, alertname: BaogaoNotRunning, exp_alerts: []}}
""")
    for words in (["check", "rules", str(RULES)], ["test", "rules", str(tests)]):
        ran = subprocess.run(["promtool", *words], capture_output=True, text=True, env=dict(os.environ), check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    firing = tmp_path / "firing.yml"
    text = tests.read_text().replace("eval_time: 30h", "eval_time: 62h").replace("19h", "40h")
    text = text.replace("99h", "102h")  # of a machine that is off, and shows nothing
    never = "      - {series: 'baogao_command_timestamp_seconds{instance=\"new\"}', values: '0+3600x70'}\n"
    firing.write_text(text.replace("    alert_rule_test:", f"{never}    alert_rule_test:"))
    ran = subprocess.run(["promtool", "test", "rules", str(firing)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "BaogaoNoGoodNight" in ran.stdout + ran.stderr
    assert "BaogaoNeedsAPerson" in ran.stdout + ran.stderr
    assert "BaogaoNeverAGoodNight" in ran.stdout + ran.stderr
    assert "BaogaoNotRunning" in ran.stdout + ran.stderr


@pytest.mark.parametrize("file", [RULES, RULES.with_name("grafana-dashboard.json")])
def test_every_series_that_rules_and_dashboard_name_exists(file):
    named = set(re.findall(r"baogao_([a-z_]+)", file.read_text()))
    assert named <= set(HELP)
    assert len(named) >= 6


def test_the_dashboard_is_whole():
    dashboard = json.loads(RULES.with_name("grafana-dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in dashboard["panels"]]
    cells = [(x + i, y + j) for x, y, w, h in places for i in range(w) for j in range(h)]
    assert len(cells) == len(set(cells))  # none covers another
    assert all(x + w <= 24 for x, _, w, _ in places)
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
