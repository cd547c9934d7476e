import csv
import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from users.management import progress
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
        ["line", "reason"],
        ["2", "unknown brand"],
        ["4", "email is not one e-mail address"],
        ["5", "3 columns where the header has 5"],
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
        ("users.csv", ["--label=other"], "no such label"),
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
    printed, _ = run("ext_user_id\n" + "".join(f"{n}\n" for n in range(6)))
    assert printed.count("lines read (100 %)") == 3
    assert "6 lines read" in printed


def test_progress_for_a_person_is_a_bar():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with progress.progress(console, 1000) as advance:
        advance(500, 12345)
    assert "12,345 lines" in out.getvalue()
    assert "50%" in out.getvalue()
