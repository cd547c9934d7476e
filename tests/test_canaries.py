"""No address, number or secret is seen where it is not at home.

A whole gateway in real processes is sent messages on every channel and through every provider;
everybody answers as rudely as they can; then everything that was said and kept is looked at.
"""

import contextlib
from collections.abc import Iterator, Mapping

import pytest
from django.db import connection

from messages_app.models import Message, State, StatusEvent
from tests import services
from tests.canaries import evidence
from tests.canaries.birds import (
    API_KEY,
    CALLBACK_PATH,
    CALLBACKS,
    DATABASE,
    EVENTS_TOKEN,
    OPT_OUTS,
    address,
    telephone,
)
from tests.canaries.house import (
    BOUNCED,
    BOUNCED_NUMBER,
    MAIL_NUMBER,
    House,
    furnish,
    furnish_elsewhere,
)
from tests.canaries.others import others
from tests.canaries.play import Day
from tests.canaries.providers import Mood, roads
from tests.canaries.reports import RETURNED, returned, tried
from tests.canaries.sightings import sightings
from tests.canaries.tap import Tap, tapped
from tests.canaries.world import running
from tests.gateways.providers.mail_peer import mail_peer
from tests.imap_server import ImapServer, imap_server
from tests.operations.surroundings import database_url
from users.models import EndUser

MANY_PAGES = 40
"""Fewer were not the whole back office."""


def is_there(service: str) -> bool:
    return service not in services.missing()


def engines() -> dict[str, str]:
    """Where there is a database server there may be a broker and a cache; else all is embedded."""
    if connection.vendor != "postgresql" or not is_there("redis"):
        return {}
    broker = services.RABBITMQ_URL if is_there("rabbitmq") else services.REDIS_URL
    return {"broker": broker, "cache": services.REDIS_URL}


@contextlib.contextmanager
def bounces() -> Iterator[ImapServer | None]:
    """The mailbox that bounces come back to, where an IMAP server is there."""
    with imap_server() if is_there("dovecot") else contextlib.nullcontext() as box:
        yield box


@contextlib.contextmanager
def engine(**urls: str) -> Iterator[tuple[dict[str, str], dict[str, Tap]]]:
    """Settings with which everything goes by a tap: the broker, the cache, the database server."""
    with contextlib.ExitStack() as stack:
        taps: dict[str, Tap] = {}
        settings = {"BROKER_URL": "", "DATABASE_URL": database_url()}
        for name, url in urls.items():
            taps[name] = stack.enter_context(tapped(url))
            settings[f"{name.upper()}_URL"] = taps[name].url
        if connection.vendor == "postgresql":
            tap = taps[DATABASE] = stack.enter_context(tapped(database_url()))
            settings["DATABASE_URL"] = f"{tap.url}?sslmode=disable"
        yield settings, taps


@pytest.fixture
def day(transactional_db, tmp_path) -> Iterator[tuple[Day, dict[str, Tap]]]:
    """A day as it was played, with everything still running."""
    (tmp_path / "logs").mkdir()
    with contextlib.ExitStack() as stack:
        ways, mail, rest, box = (
            stack.enter_context(each) for each in (roads(), mail_peer(), others(), bounces())
        )
        house = furnish(ways, mail, rest, box)
        furnish_elsewhere(rest)
        if box is not None:
            box.put(*bounced(house, f"{rest.smartico.url}/{CALLBACK_PATH.spelled}"))
        settings, taps = stack.enter_context(engine(**engines()))
        gatehouse = stack.enter_context(running(tmp_path / "data", tmp_path / "logs", **settings))
        day = Day(gatehouse=gatehouse, house=house, roads=ways, mail=mail, others=rest)
        day.play()
        yield day, taps


def bounced(house: House, callback_url: str) -> Iterator[bytes]:
    """Mails that came back, each about a message of its own."""
    user = EndUser.objects.get(ext_user_id=BOUNCED)
    for name in RETURNED:
        message = tried(house.gateways["smtp"], user, callback_url)
        yield returned(name, message, BOUNCED_NUMBER)


def places(day: Day, taps: Mapping[str, Tap]) -> Iterator[tuple[str, str]]:
    """Everything that was said and kept, by its place."""
    yield "answers to Smartico", "\n".join(day.smartico.answers)
    yield "answers to the platform", "\n".join(day.platform.answers)
    yield "answers to providers and to nobody", "\n".join(day.reporter.answers)
    yield "answers to Smartico elsewhere", "\n".join(day.smartico_elsewhere.answers)
    yield CALLBACKS, "\n".join(map(str, day.others.smartico.asked))
    yield OPT_OUTS, "\n".join(map(str, day.others.listener.asked))
    for role, browser in day.browsers.items():
        yield f"pages of the {role}", "\n".join(browser.shown.values())
    yield "pages that broke", "\n".join(day.in_debug)
    yield "what commands say", "\n".join(day.told)
    yield from evidence.of_the_tables()
    yield "the sessions", evidence.of_the_sessions()
    for name, log in day.gatehouse.logs.items():
        yield f"the log of the {name}", log.read_text()
    yield "the command lines", day.gatehouse.command_lines()
    yield from evidence.of_the_files(day.gatehouse.data_dir)
    yield from evidence.of_the_database_files()
    for name, tap in taps.items():
        yield f"{name}, by wire", tap.text


def test_no_canary_is_seen_but_where_it_is_at_home(day, subtests):
    played, taps = day
    assert_it_was_a_full_day(played)
    for place, text in places(played, taps):
        with subtests.test(place):
            assert sightings(text, place) == set()


def assert_it_was_a_full_day(day: Day) -> None:
    """What must be seen nowhere else did arrive where it belongs."""
    assert {1, 10, 12, 20, 22, 23, 25, 26} <= day.error_codes
    assert address(0) in day.revealed
    assert telephone(0) in day.revealed
    assert [address(MAIL_NUMBER)] in [envelope.rcpt_tos for envelope in day.mail.envelopes]
    asked = [each for each in day.others.smartico.asked if "status" in each.query]
    assert {each.query["api_key"] for each in asked} == {API_KEY.spelled}
    assert_others_took_part(day)
    for road in day.roads:
        assert road.shown == set(Mood), road.name
    for role, browser in day.browsers.items():
        assert len(browser.shown) > MANY_PAGES, role
    assert any("Traceback" in page for page in day.in_debug)


def assert_others_took_part(day: Day) -> None:
    told = day.others.listener.asked
    assert any("webhook-signature" in each.headers for each in told)
    assert any(EVENTS_TOKEN.spelled in each.headers.get("authorization", "") for each in told)
    assert {0, 1, 50} <= day.error_codes_elsewhere
    assert Message.objects.filter(activity_type="preview", state=State.SENT).exists()
    through = StatusEvent.objects.values_list("message__gateway__provider", flat=True)
    assert set(through) >= {"amazon_ses", *({"smtp"} if is_there("dovecot") else ())}
