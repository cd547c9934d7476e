"""The played Smartico notices what a gateway gets wrong: told by small gateways that do."""

import asyncio
import json
import urllib.request
from contextlib import contextmanager
from functools import partial
from itertools import count
from urllib.parse import urlencode

import pytest
from django.core.management.base import CommandError

from gateway_project.management.commands.simulate_smartico import make_plan
from gateway_project.operations import simulation
from gateway_project.operations.simulation import Plan, percentile, simulate
from gateway_project.operations.smartico import KINDS
from tests.operations.surroundings import free_port
from tests.peers import Answer, http_peer

API_KEY = "the-api-key"
TYPES = {kind.path: kind.type for kind in KINDS.values()}


@pytest.fixture(autouse=True)
def _short_aftermath(monkeypatch):
    monkeypatch.setattr(simulation, "AFTERMATH_SECONDS", 0.1)


def tell(asked, number, statuses=("accepted", "delivered"), **instead):
    """Calls Smartico back for one message."""
    for status in statuses:
        told = {
            "type": TYPES[asked.path.rpartition("/")[2]],
            "ext_message_id": f"message-{number}",
            "status": status,
            "api_key": API_KEY,
        } | instead
        url = f"{asked.json['callback_url']}?{urlencode(told)}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert answer.read().split() == [b"{", b'"error_code":', b"0,", b"}"]


@contextmanager
def small_gateway(tells=tell, answers=None):
    """A gateway that takes everything and tells it as `tells` does."""
    numbers = count(1)

    def respond(asked):
        number = next(numbers)
        if answers and (answer := answers(asked, number)):
            return answer
        tells(asked, number)
        return Answer(
            body={"error_code": 0, "ext_message_id": f"message-{number}"},
            headers={"Content-Type": "application/json"},
        )

    with http_peer(respond) as peer:
        yield peer


def play(peer, *, channels=("sms",), count=4, timeout=5.0):
    plan = Plan(
        url=peer.url,
        authorization="a-secret",
        api_key=API_KEY,
        callback_port=free_port(),
        users=["first", "second"],
        channels=channels,
        count=count,
        concurrency=3,
        timeout=timeout,
    )
    return asyncio.run(simulate(plan, lambda book: None))


def test_an_honest_gateway_has_a_clean_book():
    channels = [kind for kind in KINDS if kind != "preview"]
    with small_gateway() as peer:
        book = play(peer, channels=channels, count=12)
    lines = book.lines()
    assert list(lines) == channels
    assert all(line.is_clean and line.delivered == line.posted == 2 for line in lines.values())
    assert len(book.accept_seconds()) == len(book.delivery_seconds()) == 12


def test_requests_are_those_of_the_contract():
    with small_gateway() as peer:
        play(peer, channels=list(KINDS), count=7)
    asked = {one.path: one for one in peer.asked}
    assert set(asked) == {f"/api/v1/{kind.path}" for kind in KINDS.values()}
    assert {one.headers["authorization"] for one in peer.asked} == {"a-secret"}
    uids = [one.json.get("email_uid") or one.json["im_uid"] for one in peer.asked]
    assert len(set(uids)) == 7
    assert asked["/api/v1/custom-im"].json["from_number"] is None
    assert asked["/api/v1/custom-im"].json["extension"]["title"]


def test_a_status_that_never_comes_is_missing():
    with small_gateway(partial(tell, statuses=["accepted"])) as peer:
        (line,) = play(peer, timeout=0.1).lines().values()
    assert (line.accepted, line.delivered, line.missing) == (4, 0, 4)
    assert not line.is_clean


@pytest.mark.parametrize(
    ("statuses", "instead"),
    [
        (("accepted", "delivered"), {"api_key": "another"}),
        (("accepted", "delivered"), {"type": "email"}),
        (("accepted", "delivered", "failed"), {}),
    ],
)
def test_a_status_that_is_not_right_is_wrong(statuses, instead):
    with small_gateway(partial(tell, statuses=statuses, **instead)) as peer:
        (line,) = play(peer).lines().values()
    assert line.wrong
    assert not line.is_clean


def test_a_status_of_an_unknown_message_is_wrong():
    def tells(asked, number):
        tell(asked, number)
        if number == 1:
            tell(asked, "never-sent", statuses=["delivered"])

    with small_gateway(tells) as peer:
        (line,) = play(peer).lines().values()
    assert (line.delivered, line.wrong) == (4, 1)


def test_a_status_told_again_is_told_twice():
    told = ("accepted", "delivered", "delivered", "delivered")
    with small_gateway(partial(tell, statuses=told)) as peer:
        (line,) = play(peer, count=1).lines().values()
    assert (line.delivered, line.twice) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(body={"error_code": 1, "error_message": "User was not found"}), "1: User"),
        (Answer(status=500, body={"error_code": 0, "ext_message_id": "message-1"}), "None: "),
        (Answer(body="<html>"), "None: "),
        (Answer(hang_up=True), "None: "),
    ],
)
def test_an_answer_that_is_no_acceptance_is_counted_as_refused(answer, reason):
    answer.headers = {"Content-Type": "application/json"}
    with small_gateway(answers=lambda asked, number: answer) as peer:
        (line,) = play(peer, count=1).lines().values()
    assert line.accepted == 0
    assert str(list(line.refused)[0]).startswith(reason)
    assert not line.is_clean


NOTHING_SAID = {"channel": None, "count": 1, "concurrency": 1, "timeout": 1.0} | dict.fromkeys(
    ("url", "authorization", "api_key", "users", "callback_port")
)


def test_what_is_not_said_is_the_running_demos_wherever_that_listens(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    demo = {
        "url": "http://127.0.0.1:9000",
        "authorization": "a-secret",
        "callback": {"api_key": API_KEY},
        "ext_user_ids": ["first"],
        "simulation_port": 9002,
    }
    (tmp_path / "demo.json").write_text(json.dumps(demo))
    plan = make_plan(NOTHING_SAID)
    assert (plan.url, plan.callback_port, plan.users) == (demo["url"], 9002, ["first"])


def test_without_a_demo_the_missing_option_is_named(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with pytest.raises(CommandError, match="--url"):
        make_plan(NOTHING_SAID)


def test_percentiles_are_of_the_values_that_came():
    assert percentile([], 0.5) == 0.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.99) == 4.0
