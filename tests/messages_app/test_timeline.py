"""A message's story and what it waits for, over rows that no database has seen."""

from datetime import UTC, datetime, timedelta

import pytest

from gateways.models import Brand, Breaker, Gateway, Label, Template
from messages_app.models import Message, SendAttempt, State, StatusEvent
from messages_app.timeline import Tone, exactly, in_words, story
from messages_app.waits import wait_of

AT = datetime(2026, 1, 31, 8, 0, 0, 123_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def message(**values) -> Message:
    known = {"created_at": AT, "expires_at": AT + 3600 * SECOND, "uid": "uid-1"}
    return Message(**({"label": Label(name="Amazing")} | known | values))


def attempt(outcome: str, **values) -> SendAttempt:
    gateway = Gateway(name="SMS Germany")
    times = {"started_at": AT + SECOND, "finished_at": AT + 1.25 * SECOND}
    return SendAttempt(**({"number": 1, "outcome": outcome, "gateway": gateway} | times | values))


def event(status: str, **values) -> StatusEvent:
    known = {"is_reported": True, "occurred_at": AT + SECOND, "recorded_at": AT + 2 * SECOND}
    return StatusEvent(**({"status": status} | known | values))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.12, "120 ms"),
        (1.23, "1.2 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_length_of_time_is_told_as_one_reads_it(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words


def test_the_story_is_told_in_its_order_with_gaps_and_milliseconds():
    told = story(
        message(chosen_because="SMS Germany: the only one there is"),
        [attempt("accepted")],
        [event("delivered")],
    )
    assert [(entry.clock, entry.gap, entry.title) for entry in told] == [
        ("08:00:00.123", "", "Accepted from Smartico"),
        ("08:00:00.123", "", "Routed to SMS Germany"),
        ("08:00:01.123", "1.0 s", "Try 1 at SMS Germany"),
        ("08:00:02.123", "1.0 s", "Learnt that it was delivered"),
    ]
    assert told[1].lines == ("The only one there is.",)


def test_what_came_with_the_request_is_told():
    template = Template(name="My messenger")
    (accepted,) = story(message(notes=["NUL was removed"], template=template), [], [])
    assert accepted.facts == (("uid", "uid-1"), ("Template", "My messenger"))
    assert accepted.lines == ("NUL was removed.",)


def test_an_address_that_came_as_a_uid_is_told_masked():
    (accepted,) = story(message(uid="jane.doe@example.com"), [], [])
    assert accepted.facts == (("uid", "j***@e***.com"),)


def test_a_try_tells_what_came_of_it():
    _, tried = story(message(), [attempt("rejected", detail="550 no", provider_id="p-1")], [])
    assert (tried.badge, tried.tone) == ("refused", Tone.BAD)
    assert tried.facts == (
        ("Provider's answer", "550 no"),
        ("Provider's id", "p-1"),
        ("Took", "250 ms"),
    )


def test_an_outcome_without_a_word_here_is_told_as_it_stands():
    assert story(message(), [attempt("strange")], [])[1].badge == "strange"


@pytest.mark.parametrize("status", ["accepted", "rejected"])
def test_a_status_that_is_not_told_says_why(status):
    _, learnt = story(message(), [], [event(status, is_reported=False)])
    assert learnt.badge == "not told"
    assert learnt.lines[0].startswith("Kept and not reported")


def test_one_that_was_queued_again_says_so():
    _, again = story(message(requeued_at=AT + SECOND), [], [])
    assert again.title == "Queued again by a person"


def wait(
    state: State, *, reports: bool = True, gateway: dict | None = None, missed_at=None, **values
):
    row = message(state=state, **values)
    at = Gateway(**({"name": "SMS Germany", "is_active": True} | (gateway or {})))
    return wait_of(row, at, reports=reports, now=AT, missed_at=missed_at)


@pytest.mark.parametrize(
    ("state", "values", "title"),
    [
        (State.QUEUED, {"due_at": AT + SECOND, "attempts": 2}, "Waits for try 3"),
        (State.QUEUED, {"due_at": AT}, "Waits for try 1"),
        (State.SENDING, {"attempts": 1, "lease_until": AT + SECOND}, "Try 1 is on its way"),
        (State.SENDING, {"lease_until": AT - SECOND}, "Its worker seems lost"),
        (State.UNKNOWN, {}, "A person's word is waited for"),
        (State.SENT, {"status": "accepted"}, "Waits for the provider's report of the delivery"),
        (State.SENT, {"status": "failed"}, "Waits for the provider's report of the delivery"),
        (State.SENT, {"status": "accepted", "reports": False}, "Sent"),
        (
            State.QUEUED,
            {"gateway": {"is_paused": True, "paused_because": "401"}},
            "Held: SMS Germany is paused: 401",
        ),
        (
            State.QUEUED,
            {"gateway": {"is_active": False}},
            "Held: SMS Germany is not active, and no other gateway fits",
        ),
        (
            State.QUEUED,
            {"label": Label(name="Amazing", is_paused=True)},
            "Held: the label Amazing is paused",
        ),
        (
            State.QUEUED,
            {"brand": Brand(name="Brand B", is_paused=True), "due_at": AT},
            "Held: the brand Brand B is paused",
        ),
        (
            State.QUEUED,
            {"brand": Brand(name="Brand B", is_paused=True), "due_at": AT, "is_test": True},
            "Waits for try 1",
        ),
    ],
)
def test_what_is_waited_for_is_told(state, values, title):
    assert wait(state, **values).title == title


def test_that_the_provider_is_asked_about_a_parked_message_is_told():
    waits = wait_of(message(state=State.UNKNOWN), Gateway(), reports=True, now=AT, ask_at=AT)
    assert waits.title == "The provider's word, or a person's, is waited for"
    assert exactly(AT) in waits.lines[1]


@pytest.mark.parametrize(
    ("missed_at", "line"),
    [
        (AT, f'Without one it has failed soon after {exactly(AT)}: "no receipt".'),
        (None, "Without one it stays as it is: the label does not report missing receipts."),
    ],
)
def test_what_becomes_of_it_without_a_receipt_is_told(missed_at, line):
    assert wait(State.SENT, status="accepted", missed_at=missed_at).lines == (line,)


@pytest.mark.parametrize(
    ("standing", "title", "line"),
    [
        (
            {"not_before": AT + SECOND},
            "Held at SMS Germany: asked for a rest",
            "its provider takes no calls before",
        ),
        (
            {"opened_at": AT, "retry_at": AT, "reason": "timed out"},
            "Held at SMS Germany: not answering",
            "timed out; one message is tried at",
        ),
    ],
)
def test_what_a_provider_holds_up_is_told_as_held(standing, title, line):
    gateway = Gateway(name="SMS Germany", is_active=True)
    gateway.breaker = Breaker(**standing)
    held = wait_of(message(state=State.QUEUED, due_at=AT), gateway, reports=True, now=AT)
    assert held.title == title
    assert held.lines[0].startswith(line)


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.SENT, "delivered"), (State.FAILED, "failed"), (State.REJECTED, "rejected")],
)
def test_a_message_that_has_ended_waits_for_nothing(state, status):
    assert wait(state, status=status) is None
