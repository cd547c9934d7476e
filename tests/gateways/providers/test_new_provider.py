"""`manage.py new_provider`: the skeleton works as it is written."""

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

TREES = ("gateway_project", "gateways", "users", "messages_app", "callbacks", "tests", "docs")
CACHES = shutil.ignore_patterns("__pycache__", "screenshots", "browser", "static")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for tree in TREES:
        shutil.copytree(settings.BASE_DIR / tree, tmp_path / tree, ignore=CACHES)
    for file in ("manage.py", "pyproject.toml"):
        shutil.copy(settings.BASE_DIR / file, tmp_path / file)
    return tmp_path


def ran(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        env=os.environ | {"DATA_DIR": str(checkout / "var"), "PYTEST_XDIST_WORKER": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("channel", ["sms", "email", "custom_im"])
def test_a_new_provider_passes_the_contract_and_its_own_tests_at_once(checkout, channel):
    call_command("new_provider", "fast_sms", channel=channel, into=checkout, stdout=StringIO())

    folder = "tests/gateways/providers"
    tests = ran(
        checkout,
        *("pytest", "-q", "-p", "no:cacheprovider", "-k", "fast_sms"),
        *(f"{folder}/{file}.py" for file in ("test_contract", "test_exchanges", "test_fast_sms")),
    )
    assert tests.returncode == 0, tests.stdout[-2000:]
    assert " passed" in tests.stdout
    written = ["gateways/providers/fast_sms.py", f"{folder}/test_fast_sms.py"]
    assert ran(checkout, "ruff", "check", *written).stdout == "All checks passed!\n"
    assert ran(checkout, "ruff", "format", "--check", *written).returncode == 0


def test_what_is_there_is_not_written_over(checkout):
    settings_before = (checkout / "gateway_project/settings.py").read_text()

    with pytest.raises(CommandError, match="there already"):
        call_command("new_provider", "smtp", into=checkout)

    assert (checkout / "gateway_project/settings.py").read_text() == settings_before


@pytest.mark.parametrize("name", ["Fast", "../fast", "fast-sms", "1st", "fast__sms", ""])
def test_a_name_that_makes_no_module_is_refused(checkout, name):
    with pytest.raises(CommandError, match="lower-case"):
        call_command("new_provider", name, into=checkout)


def test_a_name_that_is_pythons_own_is_refused(checkout):
    with pytest.raises(CommandError, match="choose another name"):
        call_command("new_provider", "import", into=checkout)


def test_a_folder_that_is_no_checkout_is_refused_and_left_empty(tmp_path):
    with pytest.raises(CommandError, match="PROVIDERS"):
        call_command("new_provider", "fast_sms", into=tmp_path)

    assert list(tmp_path.iterdir()) == []
