"""What the README promises is there."""

import re
from pathlib import Path

import archive.errors
from archive.cli import baogao

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_names_every_command():
    for name in baogao.commands:
        assert f"baogao {name}" in README or f"`{name}" in README, name


def test_readme_explains_every_exit_code():
    codes = {error.exit_code for error in vars(archive.errors).values() if isinstance(error, type)}
    told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE) for code in row.split(",")}
    assert codes <= told
    assert told == {*range(10), 130, 143}


def test_configuration_of_the_readme_loads(tmp_path):
    from archive.config import load_config

    blocks = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "baogao.toml"
    file.write_text("\n".join(blocks), encoding="utf-8")
    config = load_config(file)
    assert config.listings[0].key == "tag:人民日报"
    assert [rule.name for rule in config.rules] == ["digital-money"]
    assert list(config.channels) == ["mail", "hook", "team-chat"]


def test_files_of_the_repository_name_no_machine():
    """No path of a machine, no registry, in anything that is tracked."""
    hosts = [name.replace("·", ".") for name in ("pypi·org", "files·pythonhosted", "registry·npmjs")]
    for path in [
        *ROOT.glob("*.*"),
        *ROOT.glob("archive/**/*.py"),
        *ROOT.glob("crawler/**/*.py"),
        *ROOT.glob("tests/*.py"),
    ]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not any(host in text for host in hosts), path
        assert str(ROOT) not in text, path
