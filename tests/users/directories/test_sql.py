"""A query on another database: read-only, with the id as its parameter, on both kinds of it."""

import sqlite3
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as django_settings

from gateways import configuration
from gateways.config_file.fields import DirectoryField
from tests.factories import BrandFactory, LabelFactory
from users.directories.base import DirectoryDown
from users.directory import find
from users.models import EndUser

pytestmark = pytest.mark.django_db

EMAIL = "canary@mailbox.example"
TABLE = "CREATE TABLE players (id integer, nick text, mail text, tel text, site text, tier text)"
ROWS = [
    (1, "jo", EMAIL, "+4915112345678", "a", "gold"),
    (2, "100%", "b@mailbox.example", None, None, None),
    (3, "twice", "c@mailbox.example", None, None, None),
    (4, "twice", "d@mailbox.example", None, None, None),
]
QUERY = "SELECT mail AS email, tel AS phone, site AS brand, tier FROM players WHERE nick = {id}"


def label_at(dsn: str, query: str = QUERY):
    query = query.replace("{id}", ":ext_user_id")
    read = DirectoryField().run_validation({"kind": "sql", "dsn": dsn, "query": query})
    label = LabelFactory(directory=read)
    BrandFactory(label=label, slug="a")
    return configuration.current().labels[label.pk]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "players.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO players VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    return f"sqlite:///{path}"


@pytest.fixture
def server():
    """Another database of the same server."""
    database = django_settings.DATABASES["default"]
    name = f"{database['NAME']}_players"
    host, port = database["HOST"] or "127.0.0.1", database["PORT"] or 5432
    user = quote(database["USER"])
    root = f"postgresql://{user}:{quote(database['PASSWORD'])}@{host}:{port}"
    with psycopg.connect(f"{root}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        with psycopg.connect(f"{root}/{name}") as connection:
            connection.execute(TABLE)
            connection.cursor().executemany(
                "INSERT INTO players VALUES (%s, %s, %s, %s, %s, %s)", ROWS
            )
        yield f"{root}/{name}"
    finally:
        with psycopg.connect(f"{root}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.postgresql)])
def dsn(request):
    return request.getfixturevalue(request.param)


def test_a_row_is_a_user_with_the_other_columns_as_properties(dsn):
    user = find(label_at(dsn), "jo")
    assert user is not None
    assert (user.email.reveal(), user.brand.slug) == (EMAIL, "a")
    assert user.properties == {"tier": "gold"}


@pytest.mark.parametrize("odd", ["' OR '1'='1", "jo'; DROP TABLE players; --", "%", "JO"])
def test_an_id_is_a_value_and_nothing_else(dsn, odd):
    label = label_at(dsn)
    assert find(label, odd) is None
    assert find(label, "100%").email.reveal() == "b@mailbox.example"


def test_two_rows_are_no_answer(dsn):
    with pytest.raises(DirectoryDown, match="more than one"):
        find(label_at(dsn), "twice")


def test_a_percent_sign_in_the_query_stands_for_itself(dsn):
    label = label_at(dsn, QUERY + " AND mail LIKE 'canary%'")
    assert find(label, "jo") is not None
    assert find(label, "100%") is None


@pytest.mark.postgresql
def test_an_id_that_the_column_cannot_hold_is_nobodys(server):
    label = label_at(server, "SELECT mail AS email FROM players WHERE id = {id}")
    assert find(label, "1").email.reveal() == EMAIL
    assert find(label, "not-a-number") is None
    assert find(label, "2").email.reveal() == "b@mailbox.example"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM players RETURNING mail) SELECT mail AS email, {id} FROM gone",
        "SELECT pg_sleep(5), {id}",
        "SELECT mail AS email FROM nowhere WHERE nick = {id}",
    ],
    ids=["writes", "sleeps", "no table"],
)
def test_what_writes_or_hangs_or_breaks_is_no_answer(server, query):
    label = label_at(server, query)
    with pytest.raises(DirectoryDown) as down:
        find(label, "jo")
    assert server not in str(down.value)
    assert find(label_at(server), "jo") is not None


def test_a_database_that_is_not_there_is_no_answer(tmp_path):
    with pytest.raises(DirectoryDown):
        find(label_at(f"sqlite:///{tmp_path}/nowhere"), "jo")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(DirectoryDown):
        find(label_at("postgres://a:b@127.0.0.1:1/c"), "jo")


def test_a_database_inside_the_house_has_to_be_allowed(settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(DirectoryDown, match="the address is not allowed"):
        find(label_at("postgres://a:b@127.0.0.1:5432/c"), "jo")
    assert not EndUser.objects.exists()
