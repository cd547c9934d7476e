"""The systemd units that we propose, as systemd reads them."""

import re
import shutil
import subprocess

import pytest
from django.conf import settings
from django.core.management import get_commands

UNITS = settings.BASE_DIR / "deploy" / "systemd"
OF_SYSTEMD = ("sysinit", "basic", "shutdown", "multi-user", "network-online")
STARTED = re.compile(r"^ExecStart=(\S+) manage\.py (\S+)$", re.MULTILINE)


@pytest.fixture
def machine(tmp_path):
    """The root of one on which everything is installed where the units say."""
    units = tmp_path / "etc/systemd/system"
    shutil.copytree(UNITS, units)
    for target in OF_SYSTEMD:
        (units / f"{target}.target").write_text("[Unit]\n")
    for program, _ in commands():
        path = tmp_path / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return tmp_path


def commands():
    return [
        found for path in sorted(UNITS.glob("*.service")) for found in STARTED.findall(_text(path))
    ]


def complaints(machine):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    units = [
        path.name.replace("@", "@1") for path in UNITS.glob("gatehouse*.[st]*") if path.is_file()
    ]
    done = subprocess.run(
        ["systemd-analyze", "verify", f"--root={machine}", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def _text(path):
    return path.read_text()


def test_systemd_has_nothing_to_say_about_them(machine):
    assert complaints(machine) == ""


def test_it_would_say_so_if_it_had(machine):
    with (machine / "etc/systemd/system/gatehouse-.service.d/common.conf").open("a") as file:
        file.write("NoNewPrivilege=yes\n")
    assert "NoNewPrivilege" in complaints(machine)


def test_they_start_what_run_starts_after_the_database_is_up_to_date():
    started = [command for _, command in commands()]
    assert sorted(started) == ["migrate", "scheduler", "serve", "worker"]
    assert set(started) <= set(get_commands())
    for path in UNITS.glob("*.service"):
        if "migrate" not in path.name:
            assert "Requires=gatehouse-migrate.service" in _text(path)
