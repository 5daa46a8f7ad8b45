"""How the tests are spread over the workers: a little more of them than processors, and the longest files first."""

import os

import pytest

#: by the time they take; what stands last must be short, or one worker goes on alone
LONGEST_FIRST = (
    *("backup", "survival", "alert_commands", "bad_input", "exit_codes", "heartbeat", "alert_survival", "composing"),
    *("operator_notices", "repair", "crawler_faults", "rotation", "setup", "logs", "scrapyd", "upgrades", "schedule"),
    *("progress", "random_nights", "alert_secrets", "sending", "prune", "end_to_end", "compact", "browser", "tables"),
    *("search", "mail", "many_listings", "metrics", "sqlite", "pace", "provenance", "crawler_scrapy", "feeds"),
)


@pytest.hookimpl(optionalhook=True)  # it is xdist's
def pytest_xdist_auto_num_workers(config):
    """Nights wait for servers about a third of their time."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_modifyitems(items):
    place = {f"test_{name}.py": number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))
