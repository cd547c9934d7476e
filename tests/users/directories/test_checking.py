"""The check of a directory: what it finds, and that it gives nothing away."""

import sqlite3
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings as django_settings

from gateway_project.lib.crypto import Undecryptable
from gateways import configuration
from gateways.config_file.fields import DirectoryField
from tests.factories import EndUserFactory, LabelFactory
from tests.peers import Answer, http_peer
from tests.raw_peers import certificate_of_an_authority
from users.directories import checking
from users.directories.checking import KNOWS_ANYBODY, SLOW, note_check
from users.directories.http import IN_THE_OPEN
from users.directories.sql import MAY_WRITE
from users.models import DirectoryCheck, EndUser

pytestmark = pytest.mark.django_db

SECRET, READER = "canary-secret", "gatehouse_reader"
QUERY = "SELECT mail AS email FROM players WHERE id = :ext_user_id"


def checked(**settings):
    read = DirectoryField().run_validation(settings)
    label = LabelFactory(directory=read)
    note_check(configuration.current().labels[label.pk])
    found = DirectoryCheck.objects.get(label=label)
    assert SECRET not in str(vars(found))
    return found


def checked_at(peer, **settings):
    url = f"{peer.url}/{SECRET}/{{ext_user_id}}"
    return checked(kind="http", url=url, authorization=SECRET, **settings)


@pytest.fixture
def peer():
    with http_peer(lambda asked: Answer(status=404)) as peer:
        yield peer


def test_who_knows_nobody_that_does_not_exist_is_good(peer):
    found = checked_at(peer)
    assert (found.works, found.to_do) == (True, "")
    assert found.found.startswith("answers in ")
    assert found.found.endswith(" ms")
    assert len(peer.asked) == 2
    assert not EndUser.objects.exists()


def test_who_knows_anybody_is_not(peer):
    peer.respond = lambda asked: Answer(body={"email": f"{SECRET}@mailbox.example"})
    found = checked_at(peer)
    assert (found.works, found.found) == (False, KNOWS_ANYBODY)
    assert "depends on the id" in found.to_do
    assert not EndUser.objects.exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=401, body=SECRET), "HTTP 401"),
        (Answer(status=302, headers={"Location": f"/{SECRET}"}), "HTTP 302"),
        (Answer(body=f"<html>{SECRET}"), "the answer is not JSON"),
        (Answer(hang_up=True), "no answer: "),
        (Answer(delay=3), "no answer: "),
    ],
    ids=["401", "redirect", "html", "hang-up", "slow"],
)
def test_what_is_no_answer_is_told_with_what_to_do(peer, answer, said):
    peer.respond = lambda asked: answer
    found = checked_at(peer)
    assert not found.works
    assert found.found.startswith(said)
    assert "EGRESS_ALLOW" in found.to_do


def test_one_that_is_slow_is_told(peer, monkeypatch):
    monkeypatch.setattr(checking, "SLOW_SECONDS", 0.0)
    found = checked_at(peer)
    assert (found.works, found.to_do) == (True, SLOW)


def test_nobody_there_is_told(peer):
    peer.server.server_close()
    assert not checked_at(peer).works


def test_a_certificate_is_looked_at(tmp_path):
    certificate, authority = certificate_of_an_authority(tmp_path, "localhost")
    with http_peer(lambda asked: Answer(status=404), certificate) as peer:
        unknown, known = checked_at(peer), checked_at(peer, authority=authority)
    assert unknown.found == "no answer: the certificate is signed by an unknown authority"
    assert (known.works, known.to_do) == (True, "")


def test_a_certificate_that_has_expired_is_told(tmp_path):
    certificate, authority = certificate_of_an_authority(tmp_path, "localhost", days=-1)
    with http_peer(lambda asked: Answer(status=404), certificate) as peer:
        found = checked_at(peer, authority=authority)
    assert (found.works, found.found) == (False, "no answer: the certificate has expired")


def test_without_tls_to_another_host_addresses_travel_in_the_open(peer, monkeypatch):
    monkeypatch.setattr("users.directories.http.HERE", ())
    found = checked_at(peer)
    assert found.works
    assert (IN_THE_OPEN.text in found.found, found.to_do) == (True, IN_THE_OPEN.to_do)


def test_a_file_is_good(tmp_path):
    path = tmp_path / "players.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE players (id text, mail text)")
    found = checked(kind="sql", dsn=f"sqlite:///{path}", query=QUERY)
    assert (found.works, found.to_do) == (True, "")
    missing = checked(kind="sql", dsn=f"sqlite:///{tmp_path}/{SECRET}", query=QUERY)
    assert (missing.works, missing.found) == (False, "no answer: OperationalError")


@contextmanager
def a_reader():
    """Another database of the same server with a user who may only read, and its DSN's end."""
    database = django_settings.DATABASES["default"]
    at = f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    owner = f"postgresql://{database['USER']}:{database['PASSWORD']}@{at}"
    name = f"{database['NAME']}_readable"
    with psycopg.connect(f"{owner}/postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f"DROP ROLE IF EXISTS {READER}")
        server.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'")
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        with psycopg.connect(f"{owner}/{name}") as connection:
            connection.execute("CREATE TABLE players (id text, mail text)")
            connection.execute(f"GRANT SELECT ON players TO {READER}")
        yield f"{owner}/{name}", f"postgresql://{READER}:{SECRET}@{at}/{name}"
    finally:
        with psycopg.connect(f"{owner}/postgres", autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f"DROP ROLE IF EXISTS {READER}")


@pytest.mark.postgresql
def test_a_database_user_who_may_write_is_told():
    with a_reader() as (owner, reader):
        may_write = checked(kind="sql", dsn=owner, query=QUERY)
        may_read = checked(kind="sql", dsn=reader, query=QUERY)
        no_table = checked(kind="sql", dsn=reader, query=QUERY.replace("players", "nothing"))
    assert (may_write.works, may_write.to_do) == (True, MAY_WRITE.to_do)
    assert (may_read.works, may_read.to_do) == (True, "")
    assert (no_table.works, no_table.found) == (False, "no answer: UndefinedTable")


def test_users_that_are_stored_here_are_not_asked_for():
    label = EndUserFactory().label
    note_check(configuration.current().labels[label.pk])
    assert not DirectoryCheck.objects.exists()


def test_settings_that_do_not_open_are_told(peer, monkeypatch):
    label = LabelFactory(
        directory=DirectoryField().run_validation(
            {"kind": "http", "url": f"{peer.url}/{{ext_user_id}}"}
        )
    )
    values = configuration.current().labels[label.pk]
    monkeypatch.setattr(type(values.directory), "reveal", _shut)
    note_check(values)
    assert DirectoryCheck.objects.get().found == "its settings cannot be decrypted"


def _shut(self):
    raise Undecryptable
