import csv
import gzip
import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from gateway_project.lib.alone import AlreadyAtWork
from gateways.models import Action, AuditEntry
from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from users.imports import running
from users.imports.models import ImportRun, ImportState
from users.management import progress
from users.management.commands import import_users
from users.models import EndUser

pytestmark = pytest.mark.django_db

GOOD = """\
ext_user_id,brand,email,phone,country
1,a,jo@mailbox.example,0151 12345678,DE
2,,al@mailbox.example,,AT
"""
BAD = """\
ext_user_id,brand,email,phone,country
canary-id,canary-brand,,,
canary-id,a,canary@mailbox.example,canary-phone,DE
3,a,canary,0151 12345678,DE
canary-id,a,canary
"""


@pytest.fixture(autouse=True)
def label():
    return BrandFactory(slug="a", label=LabelFactory(slug="amazing")).label


@pytest.fixture
def run(tmp_path):
    """Runs the command over a file; answers what it prints and whether it fails."""

    def run(text, *options, name="users.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = io.StringIO()
        try:
            call_command("import_users", str(path), "--label=amazing", *options, stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}{error}", error.returncode
        return out.getvalue(), 0

    return run


def numbers(printed):
    """The table at the end."""
    cells = [line.split("│") for line in printed.splitlines() if line.startswith("│")]
    return {cell[1].strip(): int(cell[2].strip().replace(",", "")) for cell in cells}


def test_a_file_is_imported_and_summed_up(run):
    printed, code = run(GOOD)
    assert code == 0
    assert numbers(printed) == {"created": 2, "changed": 0, "unchanged": 0, "bad": 0}
    assert EndUser.objects.get(ext_user_id="1").address("sms").reveal() == "+4915112345678"


def test_the_same_file_again_changes_nothing(run):
    run(GOOD)
    printed, _ = run(GOOD)
    assert numbers(printed) == {"created": 0, "changed": 0, "unchanged": 2, "bad": 0}


def test_bad_lines_are_told_without_echo_and_the_rest_is_imported(run):
    printed, code = run(BAD)
    assert code == 1
    assert "line 2: unknown brand\n" in printed
    assert "line 4: email is not one e-mail address\n" in printed
    assert "line 5: 3 columns where the header has 5\n" in printed
    assert "Lines not imported: 3." in printed
    assert numbers(printed) == {
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "bad": 3,
        "note: phone is not a number we can call": 1,
    }
    assert "canary" not in printed
    assert EndUser.objects.get().phone.reveal() == "canary-phone"


def test_bad_lines_may_be_written_to_a_file(run, tmp_path):
    errors = tmp_path / "errors.csv"
    printed, _ = run(BAD, f"--errors={errors}")
    assert "line 2" not in printed
    assert list(csv.reader(errors.open())) == [
        ["line", "field", "reason"],
        ["2", "brand", "unknown brand"],
        ["4", "email", "email is not one e-mail address"],
        ["5", "", "3 columns where the header has 5"],
    ]


def test_only_the_first_bad_lines_are_shown(run):
    printed, _ = run("ext_user_id,email\n" + "1,x\n" * 30)
    assert printed.count("email is not one") == 20
    assert "--errors" in printed
    assert numbers(printed)["bad"] == 30


def test_a_user_who_comes_twice_is_noted_and_the_last_line_stands(run):
    printed, code = run("ext_user_id,email\n1,one@x.example\n1,two@x.example\n")
    assert code == 0
    assert numbers(printed)["note: the user came before; what came last stands"] == 1
    assert EndUser.objects.get().email.reveal() == "two@x.example"


def test_lines_in_a_broken_encoding_are_told_by_number_and_the_rest_is_imported(run):
    lines = [
        b"ext_user_id,email,country",
        b"1,one@x.example,DE",
        b"2,canary\xff\xfe@x.example,DE",
        b"3,two@x.example,\xe9canary",
        "4,four@x.example,\u00d6sterreich".encode(),
        b"5,five@x.example,",
    ]
    printed, code = run(b"\n".join(lines))
    assert code == 1
    assert "line 3: " in printed
    assert "line 4: " in printed
    assert "canary" not in printed
    assert numbers(printed)["bad"] == 2
    ids = set(EndUser.objects.values_list("ext_user_id", flat=True))
    assert ids == {"1", "4", "5"}


def test_a_dry_run_writes_nothing(run):
    printed, _ = run(GOOD, "--dry-run")
    assert "nothing was written" in printed
    assert numbers(printed)["created"] == 2
    assert not EndUser.objects.exists()


def test_empty_cells_keep_or_clear(run, label):
    EndUserFactory(label=label, ext_user_id="1", email="jo@x.example")
    text = "ext_user_id,email\n1,\n"
    run(text)
    assert EndUser.objects.get().email.reveal() == "jo@x.example"
    run(text, "--empty-clears")
    assert EndUser.objects.get().email is None


@pytest.mark.parametrize(
    ("name", "options"),
    [("u.ndjson", []), ("u.JSONL", []), ("u.txt", ["--format=ndjson"])],
)
def test_ndjson_is_imported(run, name, options):
    lines = [{"ext_user_id": n, "properties": {"level": n}} for n in range(3)]
    printed, code = run("\n".join(map(json.dumps, lines)), *options, name=name)
    assert (code, numbers(printed)["created"]) == (0, 3)
    assert EndUser.objects.get(ext_user_id="2").properties == {"level": 2}


def test_standard_input_is_imported(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    call_command("import_users", "-", "--label=amazing", "--format=csv", stdout=io.StringIO())
    assert EndUser.objects.count() == 2


@pytest.mark.parametrize(
    ("file", "options", "reason"),
    [
        ("users.csv", ["--label=other"], "no label"),
        ("users.xlsx", ["--label=amazing"], "give --format"),
        ("-", ["--label=amazing"], "give --format"),
        ("missing.csv", ["--label=amazing"], "No such file"),
        ("users.csv", ["--label=amazing", "--errors=/nowhere/at/all"], "No such file"),
        ("headless.csv", ["--label=amazing"], "Nothing was imported"),
    ],
)
def test_what_cannot_be_started_says_why(tmp_path, monkeypatch, file, options, reason):
    (tmp_path / "users.csv").write_text(GOOD)
    (tmp_path / "headless.csv").write_text("1,a,canary@mailbox.example\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=reason) as raised:
        call_command("import_users", file, *options, stdout=io.StringIO())
    assert "canary" not in str(raised.value)
    assert not EndUser.objects.exists()


def test_progress_in_a_log_is_a_line_now_and_then(run, monkeypatch):
    monkeypatch.setattr(progress, "LINES_BETWEEN", 2)
    monkeypatch.setattr(running, "BATCH", 1)
    printed, _ = run("ext_user_id\n" + "".join(f"{n}\n" for n in range(6)))
    assert printed.count("lines read (") == 3
    assert "6 lines read" in printed


def test_progress_for_a_person_is_a_bar():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with progress.progress(console, 1000) as advance:
        advance(500, 12345)
    assert "12,345 lines" in out.getvalue()
    assert "50%" in out.getvalue()


def broken_off_after(monkeypatch, steps):
    """Has somebody press Ctrl-C after so many batches of one line."""
    monkeypatch.setattr(running, "BATCH", 1)
    whole, count = running.Running.step, iter(range(steps))

    def step(self):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return whole(self)

    monkeypatch.setattr(running.Running, "step", step)


def test_what_was_broken_off_goes_on_with_the_next_line(run, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        broken_off_after(patch, 2)
        printed, code = run(BAD)
    assert (code, EndUser.objects.count()) == (1, 1)
    assert "Broken off after line 3: --resume goes on there." in printed
    errors = tmp_path / "errors.csv"
    printed, _ = run(BAD, "--resume", f"--errors={errors}")
    assert "Going on after line 3." in printed
    assert numbers(printed) == {
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "bad": 3,
        "note: phone is not a number we can call": 1,
    }
    assert [row[0] for row in csv.reader(errors.open())] == ["line", "2", "4", "5"]
    assert ImportRun.objects.get().state == ImportState.DONE


def test_a_file_that_has_changed_since_is_not_gone_on_with(run, monkeypatch):
    with monkeypatch.context() as patch:
        broken_off_after(patch, 1)
        run(GOOD)
    printed, code = run(GOOD + "3,a,,,\n", "--resume")
    assert (code, EndUser.objects.count()) == (1, 1)
    assert "the file has changed since its import was broken off" in printed


@pytest.mark.parametrize("option", ["--dry-run", "--empty-clears"])
def test_another_kind_of_import_is_not_gone_on_with(run, monkeypatch, option):
    with monkeypatch.context() as patch:
        broken_off_after(patch, 1)
        run(GOOD)
    printed, code = run(GOOD, "--resume", option)
    assert code == 1
    assert "no import of this file with these options was broken off" in printed


def test_what_has_ended_is_not_gone_on_with(run):
    run(GOOD)
    printed, code = run(GOOD, "--resume")
    assert code == 1
    assert "was broken off" in printed


def test_begun_anew_the_one_that_was_broken_off_is_given_up(run, monkeypatch):
    with monkeypatch.context() as patch:
        broken_off_after(patch, 1)
        run(GOOD)
    printed, _ = run(GOOD)
    assert numbers(printed) == {"created": 1, "changed": 0, "unchanged": 1, "bad": 0}
    states = ImportRun.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [ImportState.GIVEN_UP, ImportState.DONE]


def test_a_second_import_into_a_label_is_refused_while_the_first_is_at_work(run, monkeypatch):
    def hold(name):
        raise AlreadyAtWork(name)

    monkeypatch.setattr(import_users, "alone", hold)
    printed, code = run(GOOD)
    assert (code, EndUser.objects.count()) == (1, 0)
    assert "Another process is importing into this label" in printed


def test_who_imported_and_what_came_of_it_is_written_down(run):
    run(BAD)
    began, ended = AuditEntry.objects.order_by("pk")
    assert (began.actor_name, began.action) == ("import_users", Action.IMPORTED)
    assert began.changes == {"file": "users.csv", "dry_run": False}
    assert ended.changes == {
        "state": "done",
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "bad": 3,
    }


UNPACK, WORKBOOK = "it is compressed: unpack it first", "it is a workbook or an archive"
UTF_16, HEADLESS = "it is UTF-16: save it as UTF-8", "the first line is no header"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("users.csv", b"", HEADLESS),
        *(
            (name, data, reason)
            for name in ("users.csv", "users.ndjson")
            for data, reason in (
                (gzip.compress(GOOD.encode()), UNPACK),
                (b"PK\x03\x04canary", WORKBOOK),
                (GOOD.encode("utf-16"), UTF_16),
            )
        ),
    ],
)
def test_a_file_that_is_none_of_text_is_refused_as_a_whole(run, name, data, reason):
    printed, code = run(data, name=name)
    assert code == 1
    assert f"Nothing was imported: {reason}" in printed
    assert ImportRun.objects.get().state == ImportState.REFUSED
