"""The send APIs from outside: what Smartico posts, and what it is answered."""

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gateway_project.lib.collecting import flush_all
from gateway_project.lib.protocol import ErrorCode
from gateway_project.lib.vocabulary import Channel
from gateways import allowances
from gateways.models import Key
from gateways.models.key import secret_digest
from messages_app import planning
from messages_app.api import views
from messages_app.models import Measure, Message, Tally
from tests.back_office.people import BACKEND
from tests.factories import (
    CALLBACK_URL,
    SECRET,
    EndUserFactory,
    KeyFactory,
    TemplateFactory,
    TemplateFieldFactory,
)
from tests.messages_app.house import PATHS

DOCUMENTED_EMAIL = """{
  "ext_user_id": "hhu234556",
  "from_email_address": "Amazing <noreply@amazing.co>",
  "reply_to_email_address": "Amazing <noreply@amazing.co>",
  "subject": "The best offer your can find on the market",
  "body": "<html>..........</html>",
  "text_body": "Get the offer.....",
  "email_uid": "ksjhdf3428yqwr8fhjhfkdj",
  "callback_url": "https://api.smartico.ai/......callback",
  "activity_type": "preview",
  "to_email_address":"test@amazing.co"
}"""
DOCUMENTED_SMS = """{
  "ext_user_id": "hhu234556",
  "from_number": "Amazing",
  "body": "Best offer ever",
  "im_uid": "ksjhdf3428yqwr8fhjhfkdj",
  "callback_url" : "https://api.smartico.ai/......callback"
}"""
DOCUMENTED_CUSTOM_IM = """{
  "ext_user_id": "hhu234556",
  "from_number": null,
  "body": "Best offer ever",
  "im_uid": "ksjhdf3428yqwr8fhjhfkdj",
  "callback_url" : "https://api.smartico.ai/......callback",
  "extension" : {
    "title": "Microsoft is raising",
    "description": "The bullish trend...",
    "action": "BUY/SELL",
    "instrument": "MSFT",
  }
}"""


@pytest.fixture
def documented_user(house):
    return EndUserFactory(label=house.label, brand=house.brand, ext_user_id="hhu234556")


@pytest.mark.parametrize(
    ("channel", "sample"),
    [
        (Channel.EMAIL, DOCUMENTED_EMAIL),
        (Channel.SMS, DOCUMENTED_SMS),
        (Channel.VIBER, DOCUMENTED_SMS),
        (Channel.WHATSAPP, DOCUMENTED_SMS),
        (Channel.RCS, DOCUMENTED_SMS),
        (Channel.CUSTOM_IM, DOCUMENTED_CUSTOM_IM),
    ],
)
def test_the_documented_samples_are_accepted_as_they_stand(house, documented_user, channel, sample):
    template = TemplateFactory(label=house.label)
    for name in ("title", "description", "action", "instrument"):
        TemplateFieldFactory(template=template, name=name)
    answer = house.post(channel, sample)
    assert answer["error_code"] == 0
    message = Message.objects.get(pk=answer["ext_message_id"])
    assert (message.channel, message.uid) == (channel, "ksjhdf3428yqwr8fhjhfkdj")


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_answers_with_the_id_of_a_durable_message(house, channel):
    message = house.accepted(channel)
    assert message.gateway == house.gateways[channel]
    assert message.end_user == house.user
    assert message.callback_url.reveal() == CALLBACK_URL


class TestLimits:
    @pytest.fixture(autouse=True)
    def _time_stands(self, monkeypatch):
        monkeypatch.setattr(allowances, "clock", lambda: "1772970000000000")

    def test_beyond_a_keys_limit_the_answer_names_the_seconds(self, house):
        KeyFactory(label=house.label, secret="the-next-one")
        Key.objects.filter(digest=secret_digest(SECRET)).update(rate_per_second=2)
        answers = [house.post(body=house.body(im_uid=str(n))) for n in range(4)]
        assert [answer["error_code"] for answer in answers] == [0, 0, 30, 30]
        assert answers[-1]["error_message"] == "rate limited: try again in 1 second"
        assert house.post(headers={"Authorization": "the-next-one"})["error_code"] == 0

    def test_a_refusal_burns_no_uid(self, house, monkeypatch):
        Key.objects.update(rate_per_second=1)
        assert house.post(body=house.body(im_uid="first"))["error_code"] == 0
        assert house.post(body=house.body(im_uid="second"))["error_code"] == 30
        monkeypatch.setattr(allowances, "clock", lambda: "1772970001000000")
        allowances.forget()
        assert house.post(body=house.body(im_uid="second"))["error_code"] == 0

    def test_it_is_refused_before_its_body_is_read(self, house):
        Key.objects.update(rate_per_second=1)
        assert house.post(body=b"no JSON")["error_code"] == ErrorCode.NOT_JSON
        assert house.post(body=b"no JSON")["error_code"] == ErrorCode.RATE_LIMITED

    def test_it_is_counted_as_the_labels_refusal(self, house):
        Key.objects.update(rate_per_second=1)
        house.post()
        house.post()
        flush_all()
        told = Tally.objects.filter(measure=Measure.REFUSED).get()
        assert (told.label_id, told.part) == (house.label.pk, 30)


class TestCallers:
    @pytest.mark.parametrize(
        "header",
        ["", "wrong", SECRET + "x", SECRET[:-1], f"Bearer {SECRET}x", "é" * 50, "x" * 65536, " "],
    )
    def test_without_the_right_secret_nothing_is_accepted(self, house, header):
        answer = house.post(headers={"Authorization": header})
        assert answer["error_code"] == ErrorCode.NOT_AUTHORISED
        assert not Message.objects.exists()

    def test_a_call_that_is_not_authorised_writes_nothing_with_no_key_and_with_a_wrong_one(
        self, house
    ):
        house.post(headers={"Authorization": "to have read the configuration once"})
        asked = {}
        for header in ("", "wrong"):
            with CaptureQueriesContext(connection) as found:
                house.post(headers={"Authorization": header})
            asked[header] = [query["sql"] for query in found]
        assert asked[""] == asked["wrong"]
        assert not [sql for sql in asked[""] if not sql.startswith("SELECT")]
        assert len(asked[""]) <= 1

    def test_a_call_without_authorization_is_refused_on_every_channel(self, house):
        for channel, path in PATHS.items():
            response = house.client.post(
                f"/api/v1/{path}", house.body(channel), content_type="application/json"
            )
            assert response.json()["error_code"] == ErrorCode.NOT_AUTHORISED

    @pytest.mark.parametrize("header", [SECRET, f"Bearer {SECRET}", f"bearer {SECRET}"])
    def test_the_secret_is_taken_raw_and_behind_bearer(self, house, header):
        assert house.post(headers={"Authorization": header})["error_code"] == 0

    def test_two_secrets_are_live_until_one_is_revoked(self, house):
        KeyFactory(label=house.label, secret="the-next-one")
        assert house.post(headers={"Authorization": "the-next-one"})["error_code"] == 0
        Key.objects.exclude(digest="").order_by("pk").first().delete()
        assert house.post()["error_code"] == ErrorCode.NOT_AUTHORISED
        assert house.post(headers={"Authorization": "the-next-one"})["error_code"] == 0

    def test_the_last_use_of_a_secret_is_kept(self, house):
        house.post()
        assert Key.objects.get().last_used_at is not None

    def test_a_brands_secret_does_not_know_the_users_of_another(self, house):
        other = EndUserFactory(label=house.label)
        KeyFactory(label=house.label, secret="of-brand", brand=house.brand)
        answers = [
            house.post(
                body=house.body(ext_user_id=user, im_uid=user),
                headers={"Authorization": "of-brand"},
            )
            for user in (house.user.ext_user_id, other.ext_user_id, "nobody")
        ]
        assert [answer["error_code"] for answer in answers] == [0, 1, 1]
        assert answers[1] == answers[2]

    @pytest.mark.parametrize(
        ("proxies", "forwarded", "remote", "is_allowed"),
        [
            (0, "", "203.0.113.9", True),
            (0, "", "::ffff:203.0.113.9", True),
            (0, "203.0.113.9", "198.51.100.1", False),
            (1, "203.0.113.9", "10.0.0.1", True),
            (1, "203.0.113.9, 198.51.100.1", "10.0.0.1", False),
            (1, "198.51.100.1, 203.0.113.9:4711", "10.0.0.1", True),
            (2, "203.0.113.9, 10.0.0.2", "10.0.0.1", True),
            (1, "", "198.51.100.1", False),
            (1, "nonsense", "10.0.0.1", False),
        ],
    )
    def test_only_the_trusted_hop_counts_as_the_callers_address(
        self, house, settings, proxies, forwarded, remote, is_allowed
    ):
        settings.TRUSTED_PROXIES = proxies
        house.label.allowed_ips = ["203.0.113.0/24"]
        house.label.save()
        answer = house.post(headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
        expected = 0 if is_allowed else ErrorCode.CALLER_REFUSED
        assert answer["error_code"] == expected

    def test_required_headers_are_required(self, house):
        house.label.required_headers = {"X-Tenant": "amazing"}
        house.label.save()
        assert house.post()["error_code"] == ErrorCode.NOT_AUTHORISED
        assert house.post(headers={"X-Tenant": "amazing"})["error_code"] == 0


class TestLayersInFront:
    @pytest.mark.parametrize("path", ["/api/v1/sms", "/api/v1/sms/", "/api//v1//sms"])
    @pytest.mark.parametrize("method", ["get", "put", "options", "head", "delete", "patch"])
    def test_another_method_is_answered_in_the_protocol(self, house, method, path):
        response = getattr(house.client, method)(path)
        assert response.status_code == 200
        assert not response.cookies
        if method == "head":
            assert response.content == b""
        else:
            assert response.json()["error_code"] == ErrorCode.NO_SUCH_CALL

    @pytest.mark.parametrize(
        "path",
        [
            *("/api/v1", "/api/v1/", "/api/v1/fax", "/api/v1/email/x"),
            *("/api//v1/sms", "/./api/v1/sms", "/x/../api/v1/sms", "/API/V1/SMS"),
        ],
    )
    def test_an_unknown_path_is_answered_in_the_protocol(self, house, path):
        assert house.post(path=path)["error_code"] == ErrorCode.NO_SUCH_CALL

    def test_the_trailing_slash_makes_no_difference(self, house):
        ids = {house.post(path=path)["ext_message_id"] for path in ("/api/v1/sms", "/api/v1/sms/")}
        assert len(ids) == 1

    def test_a_foreign_host_name_is_no_reason_for_another_answer(self, house):
        assert house.post(headers={"Host": "evil.example"})["error_code"] == 0

    def test_neither_csrf_nor_a_session_nor_a_cookie_stands_before_the_send_apis(self, house):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(User.objects.create_superuser("root"), BACKEND)
        browser.cookies["csrftoken"] = "of-another-site"
        session = Session.objects.get()
        response = browser.post(
            "/api/v1/sms",
            house.body(),
            content_type="application/json",
            headers={"Authorization": SECRET, "Origin": "https://evil.example"},
        )
        assert response.json()["error_code"] == 0
        assert not response.cookies
        assert "Vary" not in response.headers
        again = Session.objects.get()
        assert (again.session_data, again.expire_date) == (
            session.session_data,
            session.expire_date,
        )

    def test_an_https_redirect_does_not_stand_before_the_send_apis(self, house, settings):
        settings.SECURE_SSL_REDIRECT = True
        assert house.post()["error_code"] == 0

    def test_an_unhandled_exception_is_an_incident_without_details(
        self, house, settings, monkeypatch, caplog
    ):
        settings.DEBUG = True
        monkeypatch.setattr(planning, "find_to_send", lambda *_: 1 / 0)
        answer = house.post()
        assert answer["error_code"] == ErrorCode.INTERNAL
        incident = answer["error_message"].rpartition(" ")[2]
        assert incident in caplog.text
        assert "ZeroDivision" not in answer["error_message"]

    def test_a_database_that_is_down_is_temporary(self, house, monkeypatch):
        def down(*_):
            raise OperationalError("connection refused")

        monkeypatch.setattr(planning, "find_to_send", down)
        monkeypatch.setattr(connection, "is_usable", lambda: True)
        assert house.post()["error_code"] == ErrorCode.UNAVAILABLE

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_a_server_that_may_only_be_read_is_temporary_and_the_next_request_looks_for_another(
        self, house
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        assert house.post()["error_code"] == ErrorCode.UNAVAILABLE
        assert house.post()["error_code"] == 0


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "null",
            "[]",
            '"text"',
            "42",
            "{",
            '{"a": 1, "a": 2}',
            '{"a": NaN}',
            '{"a": 1e999}',
            "[" * 100_000,
            '{"a":' * 100_000,
            "a=1&b=2",
            "\xff\xfe",
            '{"ext_user_id": "x"',
        ],
    )
    def test_what_is_no_json_object_is_refused_without_echo(self, house, raw):
        answer = house.post(body=raw)
        assert answer["error_code"] == ErrorCode.NOT_JSON
        assert len(answer["error_message"]) < 200

    def test_megabytes_of_signs_are_refused_before_they_are_read(self, house):
        signs = "[1,]," * 1_000_000
        assert house.post(body=house.body(body=signs))["error_code"] == 0
        refused = house.post(body=f'{{"ext_user_id": [{signs}1]}}')
        assert refused["error_code"] == ErrorCode.NOT_JSON
        assert "commas and brackets" in refused["error_message"]

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
    def test_another_encoding_than_utf8_is_refused(self, house, encoding):
        raw = json.dumps(house.body(body="Ünïque"), ensure_ascii=False).encode(encoding)
        assert house.post(body=raw)["error_code"] == ErrorCode.NOT_JSON

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x/y"])
    def test_json_is_tried_whatever_the_content_type_says(self, house, kind):
        raw = json.dumps(house.body())
        assert house.post(body=raw, content_type=kind)["error_code"] == 0

    def test_a_byte_order_mark_does_no_harm(self, house):
        raw = b"\xef\xbb\xbf" + json.dumps(house.body()).encode()
        assert house.post(body=raw)["error_code"] == 0

    def test_a_body_over_the_limit_is_refused_and_one_under_it_is_not(self, house, settings):
        raw = json.dumps(house.body()).encode()
        settings.BODY_LIMIT = len(raw)
        assert house.post(body=raw)["error_code"] == 0
        assert house.post(body=raw + b" ")["error_code"] == ErrorCode.TOO_LARGE

    def test_a_compressed_body_is_refused(self, house):
        answer = house.post(headers={"Content-Encoding": "gzip"})
        assert answer["error_code"] == ErrorCode.NOT_JSON


class TestFields:
    @pytest.mark.parametrize("name", ["ext_user_id", "im_uid", "body"])
    @pytest.mark.parametrize("value", [None, "", [], {}, 1.5, True])
    def test_a_missing_or_wrong_field_is_named(self, house, name, value):
        answer = house.post(body=house.body() | {name: value})
        assert answer["error_code"] == ErrorCode.FIELD_INVALID
        assert name in answer["error_message"]

    @pytest.mark.parametrize("name", ["body", "text_body"])
    @pytest.mark.parametrize("value", [0, 1, True, False, [], {}, {"a": 1}])
    def test_both_bodies_of_an_email_are_texts(self, house, name, value):
        answer = house.post(Channel.EMAIL, house.body(Channel.EMAIL) | {name: value})
        assert answer["error_code"] == ErrorCode.FIELD_INVALID
        assert name in answer["error_message"]

    def test_one_body_of_an_email_is_enough_and_none_is_not(self, house):
        assert house.accepted(Channel.EMAIL, body=None, email_uid="1")
        assert house.accepted(Channel.EMAIL, text_body=None, email_uid="2")
        refusal = house.refusal(Channel.EMAIL, body=None, text_body=None, email_uid="3")
        assert refusal == ErrorCode.FIELD_INVALID

    def test_a_number_as_user_id_is_taken_as_its_text(self, house):
        EndUserFactory(label=house.label, ext_user_id="4711")
        assert house.accepted(ext_user_id=4711).end_user.ext_user_id == "4711"

    @pytest.mark.parametrize("bad", ["a\x00b", "a\ud800", "x" * 256])
    @pytest.mark.parametrize("name", ["ext_user_id", "im_uid"])
    def test_ids_hold_nothing_that_cannot_be_kept(self, house, name, bad):
        assert house.refusal(**{name: bad}) == ErrorCode.FIELD_INVALID

    def test_a_user_id_is_never_trimmed(self, house):
        assert house.refusal(ext_user_id=f" {house.user.ext_user_id}") == ErrorCode.USER_NOT_FOUND

    def test_texts_are_mended_with_a_note(self, house):
        message = house.accepted(body="a\x00b\ud800")
        assert message.content.reveal()["body"] == "ab\ufffd"
        assert len(message.notes) == 2

    def test_a_body_of_which_mending_leaves_nothing_is_missing(self, house):
        assert house.refusal(body="\x00\x00") == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize("name", ["subject\x00", "body\x00", "new\ud800"])
    def test_no_name_is_mended_into_that_of_a_checked_field(self, house, name):
        changes = {name: "x\r\nBcc: x@y.example"}
        assert house.refusal(Channel.EMAIL, **changes) == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize("break_", ["\r\n", "\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"])
    @pytest.mark.parametrize("name", ["subject", "from_email_address", "reply_to_email_address"])
    def test_line_breaks_do_not_reach_a_header(self, house, name, break_):
        value = f"Amazing{break_}Bcc: x@y.example <noreply@amazing.co>"
        assert house.refusal(Channel.EMAIL, **{name: value}) == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize(
        "mailbox",
        [
            "a@b.co, c@d.co",
            "Amazing, Inc <a@b.co>",
            "group: a@b.co;",
            "a@b.co> x",
            "<a@b.co",
            "a@b",
            "a b@c.co",
            "@b.co",
            "a@@b.co",
            "a@b.co (comment)",
            '"open <a@b.co>',
            "a@-b.co",
        ],
    )
    def test_a_sender_is_exactly_one_mailbox(self, house, mailbox):
        refusal = house.refusal(Channel.EMAIL, from_email_address=mailbox)
        assert refusal == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize(
        "mailbox",
        [
            "a@b.co",
            "<a@b.co>",
            "Amazing.co <a@b.co>",
            '"Amazing, Inc" <a@b.co>',
            "Ämazing <a@bü.co>",
        ],
    )
    def test_a_well_formed_mailbox_is_taken(self, house, mailbox):
        assert house.accepted(Channel.EMAIL, from_email_address=mailbox)

    @pytest.mark.parametrize("name", ["subject", "text_body", "email_uid", "activity_type"])
    def test_a_field_of_another_channel_is_ignored_whatever_it_holds(self, house, name):
        assert house.post(body=house.body(**{name: {"a": 1}}))["error_code"] == 0

    def test_an_unknown_field_is_ignored(self, house):
        assert house.accepted(brand_new="x")

    def test_a_new_field_is_told_once_and_never_with_its_value(self, house, caplog, monkeypatch):
        monkeypatch.setattr(views, "_new_fields_seen", set())
        caplog.set_level(logging.INFO)
        for number in range(3):
            house.accepted(im_uid=str(number), lately_added="canary", **{"not a name": "x"})
        house.accepted(im_uid="other", later_still="canary")
        told = [text for text in caplog.messages if "new field" in text]
        slug = house.label.slug
        assert told == [
            f"label {slug}: new field seen on sms: lately_added",
            f"label {slug}: new field seen on sms: later_still",
        ]
        assert "canary" not in caplog.text

    def test_an_extension_on_sms_is_ignored_with_a_note(self, house):
        assert house.accepted(extension={"title": "x"}).notes

    def test_null_is_the_same_as_absent(self, house):
        body = house.body() | {"from_number": None, "extension": None, "callback_url": CALLBACK_URL}
        first = house.post(body=body)
        again = house.post(body={name: value for name, value in body.items() if value is not None})
        assert first == again
        assert first["error_code"] == 0
