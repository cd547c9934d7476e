"""Playing Smartico from a browser, until the callback shows."""

import re
import threading
from collections.abc import Iterator

import pytest
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Page, expect

from gateway_project.operations import drains
from gateway_project.operations.runner import Runner
from gateway_project.operations.sweep import Sweep
from tests.messages_app.house import House, build_house
from tests.peers import Answer, HttpPeer, http_peer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def smartico() -> Iterator[HttpPeer]:
    with http_peer(lambda asked: Answer(body='{\n  "error_code": 0,\n}')) as peer:
        yield peer


@pytest.fixture
def house(db, smartico) -> House:
    return build_house(callback_hosts=[smartico.url])


@pytest.fixture
def worker(db) -> Iterator[None]:
    """The embedded worker, on threads of this process."""
    drains.load()
    stop = threading.Event()
    runner = Runner(stop)
    sweep = threading.Thread(target=Sweep(runner, stop).run)
    sweep.start()
    yield
    stop.set()
    sweep.join()
    runner.close()
    connections.close_all()


@pytest.fixture
def desk(page: Page, house: House) -> Page:
    page.goto(reverse("admin:be_smartico"))
    page.get_by_role("button", name=f"Be the Smartico of {house.label.name}").click()
    page.get_by_role("button", name="SMS", exact=True).click()
    return page


def post(page: Page, scenario: str = "Good") -> None:
    page.get_by_role("button", name=scenario, exact=True).click()
    page.get_by_role("button", name="Post", exact=True).click()


def test_a_good_request_is_followed_until_its_callbacks_are_heard(desk, worker, smartico):
    post(desk)
    heard = desk.get_by_role("row", name="delivered Acknowledged")
    expect(heard).to_be_visible(timeout=20_000)
    told = [asked.query["status"] for asked in smartico.wait_for(2)]
    assert told == ["accepted", "delivered"]


@pytest.mark.parametrize(
    ("scenario", "answer"),
    [
        ("Wrong key", '"error_code": 10'),
        ("Unknown user", '"error_code": 1,'),
        ("Broken JSON", '"error_code": 20'),
        ("Good", '"error_code": 0'),
    ],
)
def test_each_scenario_is_answered_by_the_front_door(desk, scenario, answer):
    post(desk, scenario)
    expect(desk.get_by_label("Answer").first).to_contain_text(answer)


def test_a_repeat_is_answered_with_the_same_id(desk):
    post(desk, "Repeat")
    expect(desk.get_by_text("the same id, so nothing more is sent")).to_be_visible()
    expect(desk.get_by_role("heading", name="Callbacks")).to_have_count(1)


def test_a_preview_goes_to_an_address_of_the_house(desk):
    desk.get_by_role("button", name="E-mail", exact=True).click()
    desk.get_by_role("button", name="Preview mail").click()
    body = desk.locator("#request-body")
    expect(body).to_have_value(re.compile("test@amazing.co"))
    text = body.input_value().replace("{", '{"from_email_address": "noreply@amazing.co",', 1)
    body.fill(text)
    desk.get_by_role("button", name="Post", exact=True).click()
    expect(desk.get_by_label("Answer").first).to_contain_text('"error_code": 0')
