import io
import json
import logging
from uuid import UUID

import pytest
import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost

from gateway_project.lib import logs
from gateway_project.lib.journal import about
from gateway_project.lib.personal import REDACTED, Personal
from tests.lib.test_redaction import TAKEN_FOR_NUMBERS

EMAIL = "canary.jane@mailbox.example"
PHONE = "+49 151 12345678"
TOKEN = "s3cr3t-T0ken_x"  # noqa: S105
ID = "0199e7c5-1234-7890-8123-450000000000"


class Sink(io.StringIO):
    @property
    def event(self):
        return json.loads(self.getvalue().splitlines()[-1])


@pytest.fixture
def sink():
    """The root logger as the product sets it up, written to memory."""
    logs.configure({"level": "INFO", "as_json": True})
    sink = Sink()
    handler = logging.getLogger().handlers[0]
    handler.setStream(sink)
    yield sink
    logging.raiseExceptions = True
    logs.configure(settings.LOGGING)


def test_an_event_is_one_line_of_json(sink):
    logging.getLogger("messages_app.sending").warning("gateway %s is slow", "sms-de")
    event = sink.event
    assert event["event"] == "gateway sms-de is slow"
    assert event["level"] == "warning"
    assert event["logger"] == "messages_app.sending"
    assert event["timestamp"].endswith("Z")
    assert sink.getvalue().count("\n") == 1


@pytest.mark.parametrize("value", [EMAIL, PHONE, EMAIL.replace("@", "%40")])
def test_addresses_are_masked_in_texts_and_arguments(sink, value):
    log = logging.getLogger("any")
    log.warning(f"sent to {value}")  # noqa: G004
    log.warning("sent to %s", value)
    log.warning("sent %(body)s", {"body": {"to": [value]}})
    structlog.get_logger("any").warning("sent", to=value, more={"to": (value,)})
    assert value not in sink.getvalue()
    assert sink.getvalue().count(REDACTED) == 5


def test_credentials_in_urls_are_masked(sink):
    logging.getLogger("django.request").warning(
        "Not Found: %s", "/callbacks/webhooks/s3cr3t-t0ken/?api_key=s3cr3t-key"
    )
    assert "s3cr3t" not in sink.getvalue()
    assert sink.event["event"].startswith("Not Found: /callbacks/webhooks/[redacted]/")


@pytest.mark.parametrize(
    "query",
    [
        *("api_key=%2F#", "api_key=Ab3%2F#", "ext_user_id=joe%2F#", "password=%23#"),
        *("api_key=Ab%26#", "api_key=Ab%2526#", "api_key%3DAb%26#", "%61pi_key=Ab%26#"),
        *("api_key=Ab,#", "api_key=Ab;#", "api_key=Ab/#", "api_key=Ab?#", "api_key=(#)"),
        *("a=1&mark=Ab%26#", "mark=Ab%2F#", "a=1&mark=Ab,#", "client_secret=%3F#"),
        *("url=%2Fcb%3Fapi_key%3DAb%252F#", "url=%2Fcb%3Fa%3D1%26api_key%3DAb%2526#"),
        *("url=%3Fext_user_id%3Djoe%2F#", "url=%253Fapi%255Fkey%253DAb%2526%61pi_key=%2F#"),
    ],
)
def test_a_credential_is_masked_to_its_end_whatever_is_encoded_in_it(sink, query):
    text = f"/callbacks/status?{query.replace('#', TOKEN)}&type=email seen"
    logging.getLogger("any").warning(text)
    logging.getLogger("any").warning("%s", {"path": text})
    assert "s3cr3t" not in sink.getvalue()
    assert sink.event["event"].count("&type=email seen") == 1


def test_an_encoded_query_ends_its_credential_at_its_own_sign(sink):
    logging.getLogger("any").warning(f"to=x%3Fapi_key%3D{TOKEN}%26type%3Demail")
    assert "s3cr3t" not in sink.getvalue()
    assert sink.event["event"].endswith("%26type%3Demail")


def test_a_foreign_host_name_is_one_line(sink):
    try:
        raise DisallowedHost
    except DisallowedHost as error:
        logging.getLogger("django.security.DisallowedHost").error("no such host", exc_info=error)
    assert "exception" not in sink.event


def test_a_path_without_its_first_slash_is_masked_as_well(sink):
    logging.getLogger("any").warning("%s", {"path": "callbacks/webhooks/s3cr3t-t0ken"})
    assert "s3cr3t" not in sink.getvalue()


@pytest.mark.parametrize("name", ["django.server", "django.request", "asyncio", "celery.worker"])
def test_libraries_log_through_the_same_line(sink, name):
    logging.getLogger(name).warning("written by a library")
    assert sink.event["logger"] == name


def test_a_traceback_shows_where_but_neither_addresses_nor_variables(sink):
    def fail(recipient):
        raise ValueError(f"cannot write to {recipient}")

    try:
        try:
            fail(EMAIL)
        except ValueError as error:
            raise RuntimeError("GET http://x.example/cb?api_key=s3cr3t") from error
    except RuntimeError:
        logging.getLogger("any").exception("drain failed")
    exception = sink.event["exception"]
    assert "in fail" in exception
    assert "RuntimeError: GET" in exception
    assert EMAIL not in sink.getvalue()
    assert "s3cr3t" not in sink.getvalue()


def test_a_long_traceback_keeps_its_last_line(sink):
    def fail(depth):
        if depth:
            fail(depth - 1)
        int("x")
        return depth

    try:
        fail(30)
    except ValueError:
        logging.getLogger("any").exception("drain failed")
    assert "invalid literal for int()" in sink.event["exception"]


@pytest.mark.parametrize("left", [1, 8, 20])
def test_an_address_across_the_end_of_what_is_kept_leaves_no_part_of_it(sink, left):
    text = "x" * (logs.LONGEST_TEXT - left - 1) + f" {EMAIL}"
    logging.getLogger("any").warning(text)
    assert sink.event["event"].lstrip("x") == f" {REDACTED[:left]}"


def test_what_the_journal_is_about_is_on_every_line_and_ids_stay_readable(sink):
    with about(UUID(ID)):
        logging.getLogger("any").info("accepted")
    assert sink.event["message_id"] == ID


@pytest.mark.parametrize("id_", TAKEN_FOR_NUMBERS)
def test_ids_of_messages_stay_readable_whatever_they_look_like(sink, id_):
    with about(UUID(id_), UUID(ID)):
        logging.getLogger("any").info("parked")
    assert sink.event["message_ids"] == [id_, ID]


def test_another_text_in_their_place_is_masked_all_the_same(sink):
    structlog.get_logger("any").warning("seen", message_id=PHONE, message_ids=[ID, EMAIL])
    assert sink.event["message_id"] == REDACTED
    assert sink.event["message_ids"] == [ID, REDACTED]


MISSPELT = [
    *("/callbacks//webhooks/#", "//callbacks/webhooks/#", "/callbacks/webhooks//#"),
    *("/callbacks/./webhooks/#", "/callbacks/webhook/#", "/callbacks/webhooks/#/more"),
    *("/CALLBACKS/webhooks/#/#", "/callbacks/x/../webhooks/#", "/callback/webhooks/#"),
    *("/callbacks%2Fwebhooks%2F#", "/callbacks/webhooks/%20#", "/callbacks/web%20hooks,/#"),
    *("/%63allbacks/x/webhooks/#", "/callbacks/webhooks/%3B#", "/callbacks%252Fwebhooks%252F#"),
    *("/callbacks/web%2520hooks/#", "/callbacks/status/x/#?api_key=#", "/callbacks/x%3Fapi_key=#"),
    "/callbacks/status/x/y?%61pi_key=#",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", MISSPELT)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_in_a_misspelt_path_is_not_logged(sink, client, method, path):
    getattr(client, method)(path.replace("#", TOKEN))
    logged = sink.getvalue()
    assert "s3cr3t" not in logged
    assert not logged or sink.event["logger"] == "django.request"


def test_personal_values_and_strange_objects_show_nothing(sink):
    class Stranger:
        def __repr__(self):
            return f"<Stranger {EMAIL}>"

    structlog.get_logger("any").warning("seen", who=Personal(EMAIL), what=Stranger(), code=7)
    assert EMAIL not in sink.getvalue()
    assert sink.event["code"] == 7


def test_a_record_that_cannot_be_formatted_is_not_printed_as_it_is(sink, capfd):
    logging.getLogger("any").warning("%d", EMAIL)
    assert EMAIL not in sink.getvalue() + capfd.readouterr().err


def test_people_are_shown_plain_text():
    record = logging.LogRecord("any", logging.INFO, "", 1, "sent to %s", (EMAIL,), None)
    line = logs.formatter(as_json=False).format(record)
    assert "sent to" in line
    assert EMAIL not in line
