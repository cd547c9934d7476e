"""A script that somebody has stored is shown as its text, on every page that shows it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import DeliveryAttempt
from gateways import configuration
from gateways.models import Brand, Breaker, Gateway, Label, Template
from messages_app.models import InboxEntry, Message, Relay, SendAttempt, StatusEvent, WordMapping
from tests.back_office.people import BACKEND
from tests.realistic.building import build
from tests.realistic.pages import paths

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
LIVE = ("<script>alert(1)", "<img src=x")
AS_TEXT = ("&lt;script&gt;alert(1)", "\\u003Cscript\\u003Ealert(1)")
STORED = {
    Label: ("name", "callbacks_suspended_because"),
    Brand: ("name",),
    Gateway: ("name", "paused_because"),
    Breaker: ("reason",),
    Template: ("name",),
    SendAttempt: ("detail",),
    StatusEvent: ("detail",),
    DeliveryAttempt: ("detail",),
    InboxEntry: ("word", "detail"),
    WordMapping: ("word",),
    Relay: ("detail",),
    Message: ("chosen_because",),
}
"""What people and providers write, by the model that keeps it."""
SHOWING = 20
"""Of the pages, how many show something of it at the least."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"), BACKEND)
    return browser


@pytest.fixture
def _scripts_everywhere():
    build(end_users=60, messages=300)
    for model, fields in STORED.items():
        lengths = {name: model._meta.get_field(name).max_length for name in fields}
        rows = model._default_manager.order_by("pk")
        # Names may stand there once only.
        some = rows[:3] if "name" in fields or model is WordMapping else rows
        for row in some:
            values = {name: SCRIPT[: length or None] for name, length in lengths.items()}
            model._default_manager.filter(pk=row.pk).update(**values)
    configuration.forget_now()


@pytest.mark.usefixtures("_scripts_everywhere")
def test_every_page_shows_a_stored_script_as_its_text(browser):
    showing = set()
    for route, path in paths(browser).items():
        page = browser.get(path).content.decode()
        assert not [part for part in LIVE if part in page], route
        if any(part in page for part in AS_TEXT):
            showing.add(route)
    assert len(showing) >= SHOWING, showing
