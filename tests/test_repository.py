"""What holds for the repository as a whole: locks, paths of machines, and the list of settings."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import get_commands

from gateway_project.lib.protocol import ErrorCode

ROOT = settings.BASE_DIR
MACHINE_PATHS = re.compile(r"/(?:root|home/\w+|Users/\w+|work)/|\.pyenv")

OUR_APPS = ("gateway_project", "gateways", "users", "messages_app", "callbacks")

SAMPLES = {
    "DATA_DIR": None,
    "HOST": "0.0.0.0",
    "PORT": "9001",
    "WEB_THREADS": "12",
    "DEBUG": "1",
    "LOG_LEVEL": "WARNING",
    "DATABASE_URL": "postgres://gatehouse:secret@db.internal:5433/house",
    "BROKER_URL": "redis://broker.internal:6379/2",
    "BROKER_QUEUE": "drums",
    "LEASE_SECONDS": "30",
    "CACHE_URL": "redis://cache.internal:6379/1",
    "SECRET_KEY": "a-secret-key",
    "PII_KEYS": "k9:a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LTMyYnk=",
    "PII_INDEX_KEY": "an-index-key",
    "PII_KEYS_COMMAND": "",
    "PII_INDEX_KEY_COMMAND": "",
    "ALLOWED_HOSTS": "gateway.example.com,10.0.0.1",
    "PUBLIC_URL": "https://gateway.example.com",
    "TRUSTED_PROXIES": "2",
    "EGRESS_ALLOW": "mail.internal",
    "ENVIRONMENT": "staging",
    "BODY_LIMIT": "1000",
    "REQUIRE_TWO_FACTOR": "1",
    "METRICS_TOKEN": "a-token-of-prometheus",
    "METRICS_ALLOW": "10.1.0.0/16,fd00::/8",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.internal:4318",
    "TRACED_SHARE": "0.25",
    "SENTRY_DSN": "https://key@sentry.internal/7",
    "ALERTS_EMAIL_URL": "smtp://duty:secret@mail.internal:587",
    "ALERTS_FROM": "Gatehouse <gatehouse@example.com>",
}
READ_SETTINGS = """
import json
from gateway_project import settings as s
print(json.dumps({
    **{name: str(getattr(s, name)) for name in (
        "DATA_DIR", "HOST", "PORT", "WEB_THREADS", "DEBUG", "LOG_LEVEL", "BROKER_URL",
        "BROKER_QUEUE",
        "LEASE_SECONDS", "SECRET_KEY", "PII_KEYS", "PII_INDEX_KEY", "PUBLIC_URL",
        "TRUSTED_PROXIES", "BODY_LIMIT", "REQUIRE_TWO_FACTOR", "METRICS_TOKEN",
        "ALERTS_EMAIL_URL", "ALERTS_FROM", "OTEL_EXPORTER_OTLP_ENDPOINT", "TRACED_SHARE",
        "SENTRY_DSN")},
    "METRICS_ALLOW": ",".join(s.METRICS_ALLOW),
    "ALLOWED_HOSTS": ",".join(s.ALLOWED_HOSTS),
    "EGRESS_ALLOW": ",".join(s.EGRESS_ALLOW),
    "ENVIRONMENT": "staging",
    "DATABASE_HOST": s.DATABASES["default"]["HOST"],
    "CACHE_LOCATION": s.CACHES["default"]["LOCATION"],
}))
"""


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def settings_that_are_read():
    """The names given to `env.something(...)`, `_secret(...)` and `_number(...)` in settings.py."""
    tree = ast.parse((ROOT / "gateway_project" / "settings.py").read_text())
    names = set()
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        first, by = call.args[0], ast.unparse(call.func)
        if isinstance(first, ast.Constant) and re.fullmatch(r"env\.\w+|_secret|_number", by):
            names.add(first.value)
    return names


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-observing.txt"]
)
def test_a_lock_names_no_registry_and_pins_every_hash(name):
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    pins = re.findall(r"^[a-z0-9][\w.\[\],-]*==[^\s;\\]+", lock, re.MULTILINE | re.IGNORECASE)
    assert len(pins) > 15
    for entry in re.split(r"\n(?=[a-z0-9])", lock):
        if "==" in entry.split("\n", 1)[0]:
            assert "--hash=sha256:" in entry, entry.split("\n", 1)[0]


def test_no_file_names_the_machine_it_was_written_on():
    guilty = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path != ROOT / "tests" / "test_repository.py" and MACHINE_PATHS.search(text):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_the_example_lists_every_setting_and_no_other():
    example = (ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE))
    assert listed == settings_that_are_read() == set(SAMPLES)


def test_every_setting_can_be_read_from_a_file(tmp_path):
    values = SAMPLES | {"DATA_DIR": str(tmp_path / "data")}
    environment = {"PATH": os.environ["PATH"]}
    for name, value in values.items():
        (tmp_path / name).write_text(value)
        environment[f"{name}_FILE"] = str(tmp_path / name)
    output = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    expected = {
        name: value
        for name, value in values.items()
        if name not in ("DATABASE_URL", "CACHE_URL") and not name.endswith("_COMMAND")
    }
    assert json.loads(output) == expected | {
        "DEBUG": "True",
        "REQUIRE_TWO_FACTOR": "True",
        "DATABASE_HOST": "db.internal",
        "CACHE_LOCATION": values["CACHE_URL"],
    }


def test_a_number_that_is_none_is_named_and_not_repeated(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "TRUSTED_PROXIES": "two",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert done.stderr.splitlines()[-1].endswith("TRUSTED_PROXIES is not a whole number.")
    assert "two" not in done.stderr


def tables_of_the_readme():
    """Every row of every table, as lists of cells without their markup."""
    lines = (ROOT / "README.md").read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in lines
        if line.startswith("| ")
    ]


def test_the_readme_lists_every_error_number_with_its_text():
    listed = {row[0].strip(): row[1] for row in tables_of_the_readme() if row[0].isdigit()}
    assert listed.pop("0")
    assert listed == {str(int(code)): code.text for code in ErrorCode}


def test_the_readme_lists_every_setting():
    first_cells = " ".join(row[0] for row in tables_of_the_readme())
    assert set(re.findall(r"`([A-Z][A-Z_]+)`", first_cells)) == settings_that_are_read()


def test_the_readme_lists_every_command():
    section = (ROOT / "README.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?`) \| ", section, re.MULTILINE)
    ours = {name for name, app in get_commands().items() if app in OUR_APPS}
    assert set(re.findall(r"`(\w+)", " ".join(first_cells))) == ours


def test_every_case_names_tests_that_there_are():
    text = (ROOT / "docs" / "reliability.md").read_text()
    named = re.findall(r"`([\w/]+\.py)`,? `(\w+)`", text)
    assert len(named) > 150
    missing = [
        (file, name)
        for file, name in named
        if f"def test_{name}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert missing == []


def test_every_case_is_tried_or_says_why_not():
    text = (ROOT / "docs" / "reliability.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.*) \|$", text, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == [n for n in range(1, 136) if n not in (25, 33)]
    assert all(what and tried for _, what, tried in rows)
