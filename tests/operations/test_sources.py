"""Keys from the environment, from a file and from a command, tried with real processes."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from gateway_project import sources
from gateway_project.sources import SourceRefused, output_of
from tests.operations.surroundings import is_running, wait_until

RING = "k7:a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LTMyYnk="
OTHER_RING = "k8:a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LTMyYno="
CANARY = "canary-secret"
SHOW = "from django.conf import settings; print(settings.PII_KEYS, settings.PII_INDEX_KEY)"


def manage(tmp_path, *arguments, **given):
    """A command of ours, in surroundings that hold these variables and no other keys."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PII_", "DATABASE_URL"))
    }
    environment = {
        **kept,
        "DJANGO_SETTINGS_MODULE": "gateway_project.settings",
        "DATA_DIR": str(tmp_path / "data"),
        **given,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def script(tmp_path, *lines):
    path = tmp_path / "print keys"
    path.write_text("#!/bin/sh\n" + "\n".join(lines))
    path.chmod(0o700)
    return f"'{path}'"


@pytest.mark.parametrize("source", ["environment", "file", "command"])
def test_keys_come_from_each_source_alike(tmp_path, source):
    values = {"PII_KEYS": RING, "PII_INDEX_KEY": "index key"}
    given = dict(values)
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
        if source == "file":
            given = {f"{name}_FILE": str(tmp_path / name) for name in values}
        if source == "command":
            given = {f"{name}_COMMAND": f"cat '{tmp_path / name}'" for name in values}
    done = manage(tmp_path, "shell", "--verbosity=0", "-c", SHOW, **given)
    assert done.stdout.split("\n")[-2] == f"{RING} index key"
    assert not (tmp_path / "data" / "keys" / "pii_keys").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"PII_KEYS": RING, "PII_KEYS_COMMAND": f"echo {OTHER_RING}"},
        {"PII_KEYS": RING, "PII_KEYS_FILE": "/dev/null"},
        {"PII_KEYS_FILE": "/dev/null", "PII_KEYS_COMMAND": f"echo {OTHER_RING}"},
        {"PII_INDEX_KEY": CANARY, "PII_INDEX_KEY_COMMAND": f"echo {CANARY}"},
    ],
)
def test_two_sources_are_refused(tmp_path, given):
    done = manage(tmp_path, "check", **given)
    assert done.returncode == 1
    assert "(gatehouse.E010)" in done.stderr
    assert all(name in done.stderr for name in given)
    assert CANARY not in done.stderr
    assert RING not in done.stderr


def test_a_start_that_is_refused_says_one_sentence_and_a_hint(tmp_path):
    command = script(tmp_path, f"echo {CANARY}", f"echo {CANARY} >&2", "exit 3")
    done = manage(tmp_path, "worker", PII_KEYS_COMMAND=f"{command} {CANARY}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Gatehouse cannot start: (gatehouse.E011) The command of PII_KEYS_COMMAND ended with"
        " exit code 3.",
        "\tHINT: Run it by hand, as the user and in the environment of the gateway.",
    ]


def test_the_command_is_called_once_in_each_process(tmp_path):
    counted = tmp_path / "counted"
    command = script(tmp_path, f"echo x >> {counted}", f"echo {RING}")
    manage(tmp_path, "check", PII_KEYS_COMMAND=command)
    failing = script(tmp_path, f"echo x >> {counted}", "exit 1")
    manage(tmp_path, "check", PII_KEYS_COMMAND=failing)
    assert counted.read_text() == "x\nx\n"


def test_a_ring_that_a_command_prints_is_read_as_any_other(tmp_path):
    done = manage(tmp_path, "check", PII_KEYS_COMMAND=f"echo k1:{CANARY}")
    assert done.returncode == 1
    assert "(gatehouse.E004) PII_KEYS, entry 1" in done.stderr
    assert CANARY not in done.stderr


def test_a_file_that_cannot_be_read_is_named_by_its_variable(tmp_path):
    done = manage(tmp_path, "check", PII_KEYS_FILE=str(tmp_path / CANARY))
    assert "(gatehouse.E012) PII_KEYS_FILE" in done.stderr
    assert CANARY not in done.stderr


def test_a_command_is_called_without_a_shell():
    assert output_of("PII_KEYS_COMMAND", "echo '$HOME' ; `id` | cat") == "$HOME ; `id` | cat"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (f"/nonexistent/{CANARY}", "cannot be started"),
        (f"echo '{CANARY}", "cannot be started"),
        (" ", "cannot be started"),
        ("echo \x00", "cannot be started"),
        ("true", "printed nothing"),
        ("false", "exit code 1"),
        (r"printf '\377'", "something other than text"),
        ("yes", "far more than a secret"),
    ],
)
def test_what_a_command_did_wrong_is_told_without_its_words(command, told):
    with pytest.raises(SourceRefused, match=told) as refused:
        output_of("PII_KEYS_COMMAND", command)
    assert "PII_KEYS_COMMAND" in str(refused.value)
    assert CANARY not in str(refused.value) + repr(refused.value.__cause__)


@pytest.mark.parametrize(
    "lines",
    [
        ["sleep 600"],
        ["sleep 600 &", "echo $! > {child}", "wait"],
        ["sleep 600 &", "echo $! > {child}"],
    ],
)
def test_a_command_that_hangs_is_killed_with_all_that_it_started(tmp_path, monkeypatch, lines):
    child = tmp_path / "child"
    monkeypatch.setattr(sources, "SECONDS", 0.5)
    with pytest.raises(SourceRefused, match="was not done"):
        output_of(
            "PII_KEYS_COMMAND", script(tmp_path, *(line.format(child=child) for line in lines))
        )
    if child.exists():
        wait_until(lambda: not is_running(int(child.read_text())))
