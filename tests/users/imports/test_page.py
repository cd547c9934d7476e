import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib import draining
from tests.back_office.people import browser_of, person_with
from tests.factories import LabelFactory
from users import tasks  # noqa: F401  registers the drains
from users.imports import page
from users.imports.draining import DRAIN
from users.imports.models import ImportPart, ImportProblem, ImportRun, ImportState
from users.models import EndUser

pytestmark = pytest.mark.django_db
TEXT = b"ext_user_id,email\n1,jo@mailbox.example\n2,canary\n"
ADD = reverse("admin:users_importrun_add")


@pytest.fixture
def label():
    return LabelFactory(name="Amazing")


@pytest.fixture
def browser(label):
    return browser_of(person_with("administrator"))


def begin(browser, label, **changes):
    said = {"label": label.pk, "file_name": "u.csv", "size": len(TEXT), "format": "", **changes}
    return browser.post(ADD, {name: value for name, value in said.items() if value is not None})


def upload(browser, label, **changes):
    places = begin(browser, label, **changes).json()
    part = f"{places['parts']}0/"
    assert browser.post(part, TEXT, content_type="application/octet-stream").status_code == 204
    return browser.post(places["complete"]).json()["page"]


def drain():
    run = ImportRun.objects.latest("pk")
    draining.run(DRAIN, str(run.pk), linger=0)
    return run


def url(name, run):
    return reverse(f"admin:users_importrun_{name}", args=[run.pk])


def test_a_file_is_tried_and_then_imported(browser, label):
    shown = upload(browser, label, dry_run="on")
    assert "0 % read" in browser.get(shown).content.decode()
    run = drain()
    answer = browser.get(shown).content.decode()
    assert "Tried to its end: nothing was written." in answer
    assert "email is not one e-mail address" in answer
    assert "canary" not in answer
    assert not EndUser.objects.exists()
    answer = browser.post(url("import", run), follow=True).content.decode()
    assert "Importing" in answer
    drain()
    assert EndUser.objects.get().label == label
    assert not ImportPart.objects.exists()


def test_the_page_follows_while_it_goes_on_and_no_longer(browser, label):
    upload(browser, label)
    run = ImportRun.objects.get()
    assert "hx-trigger" in browser.get(url("progress", run)).content.decode()
    drain()
    assert "hx-trigger" not in browser.get(url("progress", run)).content.decode()


def test_the_bad_lines_are_a_file(browser, label):
    upload(browser, label)
    answer = browser.get(url("problems", drain()))
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert rows == [["line", "field", "reason"], ["3", "email", "email is not one e-mail address"]]


def test_what_was_uploaded_can_be_removed(browser, label):
    upload(browser, label, dry_run="on")
    run = drain()
    browser.post(url("give_up", run))
    assert not ImportPart.objects.exists()
    answer = browser.post(url("import", run), follow=True).content.decode()
    assert "The file is not kept any more" in answer


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": page.MOST_BYTES + 1}, "over 512 MB"),
        ({"file_name": "u.xlsx"}, "choose CSV or NDJSON"),
        ({"file_name": None}, "required"),
        ({"size": "x"}, "whole number"),
    ],
)
def test_what_cannot_be_begun_says_why(browser, label, changes, problem):
    answer = begin(browser, label, **changes)
    assert answer.status_code == 400
    assert problem in answer.json()["problem"]
    assert not ImportRun.objects.exists()


def test_what_is_no_part_of_it_says_why(browser, label):
    places = begin(browser, label).json()
    for answer in (
        browser.post(f"{places['parts']}0/", b"short", content_type="application/octet-stream"),
        browser.post(places["complete"]),
    ):
        assert answer.status_code == 400
        assert answer.json()["problem"]


def test_nobody_imports_into_a_label_that_they_may_not_see(label):
    person = person_with("administrator", name="limited", labels=[LabelFactory(name="Mine")])
    answer = begin(browser_of(person), label)
    assert answer.status_code == 400
    assert not ImportRun.objects.exists()


def test_who_may_not_import_sees_what_others_have(browser, label):
    upload(browser, label, dry_run="on")
    run = drain()
    answer = browser_of(person_with("support")).get(url("change", run)).content.decode()
    assert "Tried to its end" in answer
    assert "Import it now" not in answer
    assert "Remove the file" not in answer


def test_every_state_is_said_in_words(browser, label):
    now = timezone.now()
    for state in ImportState:
        run = ImportRun.objects.create(label=label, state=state, started_at=now, refusal="x", bad=1)
        ImportProblem.objects.create(run=run, line=1, reason="of this test")
        assert browser.get(url("change", run)).status_code == 200
    assert browser.get(reverse("admin:users_importrun_changelist")).status_code == 200
