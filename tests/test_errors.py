"""Pages that stand in for one that cannot be shown."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from gateway_project.back_office import errors


@pytest.fixture
def clerk(db) -> Client:
    """A browser of staff without a role."""
    client = Client()
    client.force_login(
        User.objects.create_user("clerk", is_staff=True),
        "django.contrib.auth.backends.ModelBackend",
    )
    return client


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/admin/gateways/label/", 403, "This page is not for you"),
        ("/admin/no-such-page/", 404, "There is nothing here"),
    ],
)
def test_staff_are_told_what_to_do_without_a_script_or_a_style_of_the_page(
    clerk, path, status, words
):
    answer = clerk.get(path)
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert "<script" not in page
    assert "style=" not in page
    assert answer["Content-Security-Policy"] == errors.POLICY


def test_a_page_that_breaks_says_nothing_of_why(db):
    request = RequestFactory().get("/admin/gateways/label/")
    page = errors.broken(request).content.decode()
    assert "Something broke" in page
    assert "Traceback" not in page


def test_a_form_that_was_open_too_long_is_not_saved_and_says_so(db):
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "root"})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()


def test_callers_of_anything_else_are_told_the_status_only(client):
    answer = client.get("/no-such-path")
    assert (answer.status_code, answer.content) == (404, b"Not Found\n")


def breaks(person: object, text: str) -> None:
    """Raises, as code does that repeats what it was given."""
    try:
        int(text)
    except ValueError as error:
        raise RuntimeError(f"no number: {text}") from error


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_even_in_debug_a_page_that_breaks_shows_no_value(db, monkeypatch, settings, accept):
    settings.DEBUG = True
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    client.cookies["flavour"] = "cookie-canary"
    monkeypatch.setattr("gateway_project.back_office.find._found", breaks)
    asked = "/admin/find/?q=asked-canary"
    headers = {"Accept": accept, "Referer": "https://canary.example"}
    answer = client.post(asked, {"sought": "typed-canary"}, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "RuntimeError" in page
    assert "ValueError" in page
    assert "canary" not in page
    assert client.session.session_key not in page


def test_what_broke_outside_of_any_request_can_be_told_too():
    report = errors.WhereItBroke(None, ValueError, ValueError("canary"), None)
    text = report.get_traceback_text()
    assert "ValueError" in text
    assert "canary" not in text
