"""The systemd units that we propose, as systemd reads them."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import get_commands

UNITS = settings.BASE_DIR / "deploy" / "systemd"
OF_SYSTEMD = ("sysinit", "basic", "shutdown", "multi-user", "network-online")
PUBLIC_URL = "https://gateway.example.com/?a=1&b=$HOME"
ALERTS_FROM = "Gatehouse <gatehouse@example.com>"
ENVIRONMENT = f"""# what the units read, too

PUBLIC_URL="{PUBLIC_URL}"
ALERTS_FROM={ALERTS_FROM}"""
SHOWN = (
    "from django.conf import settings;"
    "print(settings.PUBLIC_URL, settings.ALERTS_FROM, settings.SECRET_KEY, sep=chr(10))"
)
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


def directives(path):
    """Of one unit, the last of each name."""
    return dict(re.findall(r"^(\w+)=(.*)$", _text(path), re.MULTILINE))


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
            assert directives(path)["After"].endswith("gatehouse-migrate.service")


def test_a_database_that_is_away_for_a_while_stops_none_of_them_for_good():
    """A unit that requires another is not tried again when that one has failed."""
    for path in UNITS.glob("*.service"):
        told = directives(path)
        assert "Requires" not in told
        assert told["Restart"] in ("always", "on-failure")
        assert int(told["RestartSec"]) > 0


def test_manage_has_the_settings_and_secrets_of_the_services(tmp_path):
    """It is run where the files lie elsewhere."""
    given = {"secret_key": "x" * 50, "pii_keys": settings.PII_KEYS, "pii_index_key": "i" * 40}
    given["database_url"] = f"sqlite:///{tmp_path}/gatehouse.sqlite3"
    given["environment"] = ENVIRONMENT
    for name, value in given.items():
        (tmp_path / name).write_text(value)
    places = {
        "ETC": tmp_path,
        "DATA": tmp_path,
        "CODE": settings.BASE_DIR,
        "PYTHON": sys.executable,
    }
    done = subprocess.run(
        [UNITS / "gatehouse-manage", "shell", "--verbosity=0", "-c", SHOWN],
        env={"PATH": os.environ["PATH"]} | {f"GATEHOUSE_{k}": str(v) for k, v in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [PUBLIC_URL, ALERTS_FROM, "x" * 50], done.stderr
    for unit in ("DATABASE_URL", "SECRET_KEY", "PII_KEYS", "PII_INDEX_KEY"):
        assert f"{unit}_FILE=" in _text(UNITS / "gatehouse-.service.d" / "common.conf")
        assert f"{unit}_FILE=" in _text(UNITS / "gatehouse-manage")
