"""No address, number or secret is seen where it is not at home.

A whole gateway in real processes is sent messages on every channel and through every provider;
everybody answers as rudely as they can; then everything that was said and kept is looked at.
"""

import contextlib
from collections.abc import Iterator, Mapping

import pytest
from django.db import connection

from tests import services
from tests.canaries import evidence
from tests.canaries.birds import API_KEY, DATABASE, address, telephone
from tests.canaries.house import MAIL_NUMBER, furnish
from tests.canaries.play import SAID_BY_SMARTICO, Day
from tests.canaries.providers import Mood, roads
from tests.canaries.sightings import sightings
from tests.canaries.tap import Tap, tapped
from tests.canaries.world import running
from tests.gateways.providers.mail_peer import mail_peer
from tests.operations.surroundings import database_url
from tests.peers import Answer, Asked, http_peer

MANY_PAGES = 40
"""Fewer were not the whole back office."""


def hear(asked: Asked) -> Answer:
    """Smartico, which has it all wrong whenever something failed."""
    if asked.query["status"] == "failed":
        return Answer(500, SAID_BY_SMARTICO)
    return Answer(body='{"error_code": 0,}')


def broker() -> str:
    """Where there is a database server there may be a broker; else everything is embedded."""
    is_there = connection.vendor == "postgresql" and "redis" not in services.missing()
    return services.REDIS_URL if is_there else ""


@contextlib.contextmanager
def engine(broker: str) -> Iterator[tuple[dict[str, str], dict[str, Tap]]]:
    """Settings with which everything goes by a tap: the broker, the cache, the database server."""
    with contextlib.ExitStack() as stack:
        taps: dict[str, Tap] = {}
        settings = {"BROKER_URL": "", "DATABASE_URL": database_url()}
        if broker:
            tap = taps["the broker"] = stack.enter_context(tapped(broker))
            settings |= {"BROKER_URL": tap.url, "CACHE_URL": tap.url}
        if connection.vendor == "postgresql":
            tap = taps[DATABASE] = stack.enter_context(tapped(database_url()))
            settings["DATABASE_URL"] = f"{tap.url}?sslmode=disable"
        yield settings, taps


@pytest.fixture
def day(transactional_db, tmp_path) -> Iterator[tuple[Day, dict[str, Tap]]]:
    """A day as it was played, with everything still running."""
    (tmp_path / "logs").mkdir()
    with contextlib.ExitStack() as stack:
        ways, mail, smartico = (
            stack.enter_context(each) for each in (roads(), mail_peer(), http_peer(hear))
        )
        house = furnish(ways, mail, smartico.url)
        settings, taps = stack.enter_context(engine(broker()))
        gatehouse = stack.enter_context(running(tmp_path / "data", tmp_path / "logs", **settings))
        day = Day(gatehouse=gatehouse, house=house, roads=ways, mail=mail, smartico_peer=smartico)
        day.play()
        yield day, taps


def places(day: Day, taps: Mapping[str, Tap]) -> Iterator[tuple[str, str]]:
    """Everything that was said and kept, by its place."""
    yield "answers to Smartico", "\n".join(day.smartico.answers)
    yield "answers to the platform", "\n".join(day.platform.answers)
    yield "answers to providers and to nobody", "\n".join(day.reporter.answers)
    yield "callbacks", "\n".join(map(str, day.smartico_peer.asked))
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
    assert {asked.query["api_key"] for asked in day.smartico_peer.asked} == {API_KEY.spelled}
    for road in day.roads:
        assert road.shown == set(Mood), road.name
    for role, browser in day.browsers.items():
        assert len(browser.shown) > MANY_PAGES, role
    assert any("Traceback" in page for page in day.in_debug)
