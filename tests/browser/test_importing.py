"""A file of users is uploaded, tried and imported, as an operator does it."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateway_project.lib import draining
from tests.browser.accessibility import findings
from tests.factories import LabelFactory
from users.imports.draining import DRAIN, due_runs
from users.imports.models import ImportPart, ImportRun, ImportState
from users.imports.uploads import PART_BYTES
from users.models import EndUser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINES = 400


@pytest.fixture
def file(tmp_path):
    """Of two parts and a half; one of its lines is bad."""
    path = tmp_path / "users.csv"
    padding = "x" * (PART_BYTES * 5 // 2 // LINES)
    lines = (
        f"{n},{'canary' if n == 7 else f'{n}@mailbox.example'},{padding}" for n in range(LINES)
    )
    path.write_text("ext_user_id,email,note\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def chosen(page: Page, file):
    """The page with the file chosen."""
    LabelFactory(name="Amazing")
    page.goto(reverse("admin:users_importrun_add"))
    page.locator("input[type=file]").set_input_files(file)
    return page


def drain() -> None:
    """As a worker does it."""
    for key in due_runs():
        draining.run(DRAIN, key, linger=0)


def test_a_file_is_tried_and_then_imported_and_the_page_follows(chosen: Page):
    assert findings(chosen) == []
    chosen.get_by_role("button", name="Upload").click()
    chosen.get_by_text("Trying it: 0 % read.").wait_for()
    assert ImportPart.objects.count() == 3
    drain()
    chosen.get_by_text("Tried to its end: nothing was written.").wait_for()
    expect(chosen.locator("#created")).to_have_text(str(LINES - 1))
    assert findings(chosen) == []
    assert not EndUser.objects.exists()
    chosen.get_by_role("button", name="Import it now").click()
    chosen.get_by_text("Importing: 0 % read.").wait_for()
    drain()
    chosen.get_by_text("Imported to its end.").wait_for()
    assert EndUser.objects.count() == LINES - 1
    assert not ImportPart.objects.exists()
    with chosen.expect_download() as download:
        chosen.get_by_role("link", name="All bad lines as CSV").click()
    assert download.value.path().read_text().splitlines() == [
        "line,field,reason",
        "9,email,email is not one e-mail address",
    ]


def test_a_part_that_is_lost_is_sent_again(chosen: Page, complaints):
    lost = iter([True])

    def lose_one(route):
        if next(lost, False):
            route.abort("connectionreset")
        else:
            route.continue_()

    chosen.route("**/parts/1/", lose_one)
    chosen.get_by_role("button", name="Upload").click()
    chosen.get_by_text("Trying it: 0 % read.").wait_for()
    assert ImportPart.objects.count() == 3
    assert any("/parts/1/" in line for line in complaints)
    complaints.clear()


def test_what_is_refused_is_said_beside_the_form(chosen: Page, complaints, tmp_path):
    workbook = tmp_path / "users.xlsx"
    workbook.write_bytes(b"PK")
    chosen.locator("input[type=file]").set_input_files(workbook)
    chosen.get_by_role("button", name="Upload").click()
    expect(chosen.get_by_role("alert")).to_contain_text("choose CSV or NDJSON")
    assert not ImportRun.objects.filter(state=ImportState.RUNNING).exists()
    complaints.clear()
