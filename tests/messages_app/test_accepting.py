"""Accepting: who is found, where it goes, what is refused, and what a repeat is."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from gateway_project.lib.protocol import ErrorCode
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from messages_app.models import Message
from messages_app.planning import OWN_ADDRESS_NOTE
from messages_app.repeats import PREVIEW_WINDOW_SECONDS
from messages_app.requests import UNFILLED_NOTE
from tests.factories import (
    BrandFactory,
    EndUserFactory,
    GatewayFactory,
    TemplateFactory,
    TemplateFieldFactory,
)
from tests.lib.test_logs import sink  # noqa: F401  a fixture
from tests.lib.test_sentinel import stopped
from users.models import EndUser
from users.suppressions import suppress


class TestUsers:
    def test_an_unknown_user_is_answered_in_smarticos_words(self, house):
        answer = house.post(body=house.body(ext_user_id="nobody"))
        assert answer == {"error_code": 1, "error_message": "User was not found"}

    def test_a_user_of_another_label_is_unknown(self, house):
        stranger = EndUserFactory()
        assert house.refusal(ext_user_id=stranger.ext_user_id) == ErrorCode.USER_NOT_FOUND

    @pytest.mark.parametrize(
        ("channel", "address"),
        [
            (Channel.SMS, {"phone": None}),
            (Channel.SMS, {"phone": "01511234", "properties": {}}),
            (Channel.VIBER, {"phone": "call me"}),
            (Channel.EMAIL, {"email": None}),
            (Channel.EMAIL, {"email": "not an address"}),
        ],
    )
    def test_a_user_without_an_address_for_the_channel_is_refused(self, house, channel, address):
        user = EndUserFactory(label=house.label, **address)
        assert house.refusal(channel, ext_user_id=user.ext_user_id) == ErrorCode.NO_ADDRESS

    def test_custom_im_needs_no_address(self, house):
        user = EndUserFactory(label=house.label, email=None, phone=None)
        assert house.accepted(Channel.CUSTOM_IM, ext_user_id=user.ext_user_id)

    def test_an_address_that_does_not_open_is_temporary_and_never_not_found(self, house, settings):
        settings.PII_KEYS = "t1:" + "b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMzI="
        assert house.refusal() == ErrorCode.UNAVAILABLE

    def test_a_damaged_address_is_temporary_and_alarms_without_a_word_of_it(self, house, caplog):
        damaged = house.user
        sound = EndUserFactory(label=house.label, brand=house.brand)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE users_enduser SET phone = %s WHERE ext_user_id = %s",
                ["t1$AAAA", damaged.ext_user_id],
            )
        assert house.refusal() == ErrorCode.UNAVAILABLE
        (alarm,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert alarm.getMessage() == f"the address of end user {damaged.pk} cannot be decrypted"
        assert house.accepted(Channel.EMAIL)
        assert house.accepted(ext_user_id=sound.ext_user_id)

    def test_a_suppressed_address_is_refused_whoever_has_it_and_on_that_channel_only(self, house):
        index = house.user.address_index(Channel.SMS)
        suppress(house.label.pk, Channel.SMS, [index], "complained")
        twin = EndUserFactory(label=house.label, phone=house.user.phone.reveal())
        assert house.refusal() == ErrorCode.SUPPRESSED
        assert house.refusal(ext_user_id=twin.ext_user_id) == ErrorCode.SUPPRESSED
        assert house.accepted(Channel.VIBER)

    def test_a_text_with_the_users_own_address_is_sent_and_flagged(self, house):
        message = house.accepted(body=f"Is {house.user.phone.reveal()} you?")
        assert OWN_ADDRESS_NOTE in message.notes

    def test_an_unfilled_placeholder_is_sent_and_flagged(self, house):
        assert UNFILLED_NOTE in house.accepted(body="Dear {{first_name}}").notes


class TestRoutes:
    def test_without_a_fitting_gateway_nothing_is_accepted(self, house):
        Gateway.objects.filter(channel=Channel.SMS).update(is_active=False)
        assert house.refusal() == ErrorCode.NO_GATEWAY

    def test_the_brands_own_gateway_wins(self, house):
        own = GatewayFactory(label=house.label, brand=house.brand)
        GatewayFactory(label=house.label, brand=BrandFactory(label=house.label))
        assert house.accepted().gateway == own

    def test_a_paused_label_or_brand_is_refused_and_a_paused_gateway_holds(self, house):
        Gateway.objects.filter(channel=Channel.SMS).update(is_paused=True)
        assert house.accepted().state == "queued"
        house.brand.is_paused = True
        house.brand.save()
        assert house.refusal(im_uid="2") == ErrorCode.PAUSED
        house.brand.is_paused = False
        house.brand.save()
        house.label.is_paused = True
        house.label.save()
        assert house.refusal(im_uid="3") == ErrorCode.PAUSED

    def test_a_message_expires_by_its_gateway_or_else_by_its_channel(self, house):
        Gateway.objects.filter(channel=Channel.SMS).update(expires_after=60)
        soon, late = house.accepted(), house.accepted(Channel.EMAIL)
        assert soon.expires_at - soon.created_at == timedelta(seconds=60)
        assert late.expires_at - late.created_at == timedelta(days=3)


class TestSenders:
    def use(self, house, channel, **changes):
        Gateway.objects.filter(channel=channel).update(**changes)

    def test_a_sender_off_the_list_is_refused_where_the_gateway_says_so(self, house):
        self.use(house, Channel.SMS, from_allowed=["Amazing"], unknown_sender="refuse")
        assert house.accepted(from_number="Amazing")
        assert house.refusal(from_number="Other", im_uid="2") == ErrorCode.FIELD_INVALID

    def test_or_else_replaced_by_the_default_with_a_note(self, house):
        self.use(house, Channel.SMS, from_default="Amazing", from_allowed=["Amazing"])
        assert house.accepted(from_number="Other").notes

    def test_a_sender_id_of_twelve_letters_is_no_sender_id(self, house):
        self.use(house, Channel.SMS, unknown_sender="refuse")
        assert house.refusal(from_number="AmazingAmaze") == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize(
        ("allowed", "is_taken"),
        [
            ("noreply@amazing.co", True),
            ("Any Name <NoReply@Amazing.co>", True),
            ("amazing.co", True),
            ("@amazing.co", True),
            ("other@amazing.co", False),
            ("evil-amazing.co", False),
        ],
    )
    def test_an_email_sender_is_compared_by_address_or_domain(self, house, allowed, is_taken):
        self.use(house, Channel.EMAIL, from_allowed=[allowed], unknown_sender="refuse")
        answer = house.post(Channel.EMAIL)
        assert answer["error_code"] == (0 if is_taken else ErrorCode.FIELD_INVALID)

    def test_a_reply_to_off_the_list_is_refused_or_replaced_with_a_note(self, house):
        def ask(uid):
            return {"reply_to_email_address": "evil@other.example", "email_uid": uid}

        self.use(house, Channel.EMAIL, reply_to_allowed=["amazing.co"], unknown_sender="refuse")
        assert house.refusal(Channel.EMAIL, **ask("1")) == ErrorCode.FIELD_INVALID
        self.use(house, Channel.EMAIL, reply_to_default="help@amazing.co", unknown_sender="default")
        assert house.accepted(Channel.EMAIL, **ask("2")).notes

    def test_an_email_without_any_sender_is_refused(self, house):
        refusal = house.refusal(Channel.EMAIL, from_email_address=None)
        assert refusal == ErrorCode.FIELD_INVALID


class TestCallbackUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/x",
            "https://api.smartico.ai.evil.example/x",
            "https://api.smartico.ai@evil.example/x",
            "https://api.smartico.ai:8443/x",
            "http://api.smartico.ai/x",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://[::1]/x",
            "ftp://api.smartico.ai/x",
            "//api.smartico.ai/x",
            "https://api.smartico.ai\\@evil.example/x",
            "https://api.smartico.ai/\r\nx",
            "https://api.smartico.ai/" + "x" * 10_000,
        ],
    )
    def test_a_foreign_or_strange_url_is_refused(self, house, url):
        assert house.refusal(callback_url=url) == ErrorCode.CALLBACK_REFUSED

    def test_a_listed_address_inside_the_house_still_needs_egress(self, house, settings):
        house.label.callback_hosts = ["http://127.0.0.1:9000"]
        house.label.save()
        assert house.accepted(callback_url="http://127.0.0.1:9000/x")
        settings.EGRESS_ALLOW = []
        refusal = house.refusal(callback_url="http://127.0.0.1:9000/x", im_uid="2")
        assert refusal == ErrorCode.CALLBACK_REFUSED

    @pytest.mark.parametrize("named", ["smartico%40amazing.co", "SMARTICO%2540amazing.co"])
    @pytest.mark.parametrize("is_preview", [True, False])
    def test_the_recipient_is_taken_out_of_it_and_its_host_stays(self, house, named, is_preview):
        address, before = "smartico@amazing.co", stopped("callback_url")
        house.user.email = address
        house.user.save()
        preview = {"activity_type": "preview", "to_email_address": address} if is_preview else {}
        url = f"https://api.smartico.ai/cb?to={named}&n=1"
        message = house.accepted(Channel.EMAIL, callback_url=url, **preview)
        assert message.callback_url.reveal() == "https://api.smartico.ai/cb?to=redacted&n=1"
        assert stopped("callback_url") == before + 1

    def test_without_one_the_labels_default_is_used(self, house):
        assert house.refusal(callback_url=None) == ErrorCode.FIELD_INVALID
        house.label.callback_url = "https://api.smartico.ai/default"
        house.label.save()
        message = house.accepted(callback_url=None)
        assert message.callback_url.reveal() == "https://api.smartico.ai/default"


class TestPreviews:
    PREVIEW = {"activity_type": "preview", "to_email_address": "test@amazing.co"}

    def test_it_goes_to_the_given_address_and_needs_no_user(self, house):
        message = house.accepted(Channel.EMAIL, ext_user_id="nobody", **self.PREVIEW)
        assert message.end_user is None
        assert message.preview_address.reveal() == "test@amazing.co"
        assert "test@amazing.co" not in str(message.content.reveal())

    @pytest.mark.parametrize(
        "mailbox",
        [
            "Test <test@amazing.co>",
            '"x@evil.example, y" <test@amazing.co>',
            "test@\uff41mazing.co",
        ],
    )
    def test_of_its_mailbox_only_the_checked_address_is_kept(self, house, mailbox):
        changes = self.PREVIEW | {"to_email_address": mailbox}
        message = house.accepted(Channel.EMAIL, **changes)
        assert message.preview_address.reveal() == "test@amazing.co"

    @pytest.mark.parametrize("activity_type", ["preview", "Unknown", "EmailCustomerSupport"])
    def test_the_documented_activities_are_taken(self, house, activity_type):
        changes = self.PREVIEW | {"activity_type": activity_type}
        assert house.accepted(Channel.EMAIL, **changes).activity_type == activity_type

    @pytest.mark.parametrize(
        "changes",
        [
            {"activity_type": None},
            {"to_email_address": None},
            {"activity_type": "Preview"},
            {"activity_type": "other"},
            {"to_email_address": "a@amazing.co, b@amazing.co"},
            {"to_email_address": "a@amazing.co\r\nBcc: x@y.example"},
            {"email_uid": 0},
            {"email_uid": False},
            {"email_uid": []},
        ],
    )
    def test_both_fields_come_together_and_well_formed(self, house, changes):
        refusal = house.refusal(Channel.EMAIL, **(self.PREVIEW | changes))
        assert refusal == ErrorCode.FIELD_INVALID

    @pytest.mark.parametrize("address", ["a@evil.example", "a@sub.amazing.co", "a@amazing.co.uk"])
    def test_only_the_labels_preview_domains_are_written_to(self, house, address):
        changes = self.PREVIEW | {"to_email_address": address}
        assert house.refusal(Channel.EMAIL, **changes) == ErrorCode.PREVIEW_REFUSED

    def test_a_preview_is_no_repeat_of_the_real_mail_nor_of_a_changed_preview(self, house):
        ids = {
            house.accepted(Channel.EMAIL).pk,
            house.accepted(Channel.EMAIL, **self.PREVIEW).pk,
            house.accepted(Channel.EMAIL, **self.PREVIEW, subject="Better").pk,
            house.accepted(Channel.EMAIL, **self.PREVIEW, email_uid=None).pk,
        }
        assert len(ids) == 4

    def test_the_same_preview_within_its_window_is_one_and_after_it_another(self, house):
        with time_machine.travel(datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC), tick=False) as now:
            first = house.accepted(Channel.EMAIL, **self.PREVIEW)
            now.shift(PREVIEW_WINDOW_SECONDS - 2)
            again = house.accepted(Channel.EMAIL, **self.PREVIEW)
            now.shift(2)
            later = house.accepted(Channel.EMAIL, **self.PREVIEW)
        assert first == again != later
        assert Message.objects.count() == 2


class TestCustomIm:
    @pytest.fixture
    def template(self, house):
        template = TemplateFactory(label=house.label, slug="messenger")
        TemplateFieldFactory(template=template, name="title", required=True)
        TemplateFieldFactory(template=template, name="action", type="choice", choices=["BUY"])
        TemplateFieldFactory(template=template, name="urgent", type="boolean")
        TemplateFieldFactory(template=template, name="picture", type="media")
        return template

    @pytest.mark.parametrize(
        "extension",
        [
            None,
            {},
            {"title": ""},
            {"title": None},
            {"title": 5},
            {"title": "x", "action": "SELL"},
            {"title": "x", "urgent": "yes"},
            {"title": "x", "urgent": 1},
            {"title": "x", "picture": "http://a.example/x.png"},
            {"title": "x", "picture": "javascript:alert(1)"},
            {"title": "x", "unknown": "y"},
            "title",
            ["title"],
        ],
    )
    def test_an_extension_that_does_not_fit_its_template_is_refused(
        self, house, template, extension
    ):
        body = house.body(Channel.CUSTOM_IM) | {"extension": extension}
        answer = house.post(Channel.CUSTOM_IM, body)
        assert answer["error_code"] == ErrorCode.EXTENSION_INVALID

    def test_a_good_extension_is_kept_as_it_came(self, house, template):
        extension = {"title": "x", "action": "BUY", "urgent": "true", "picture": "https://a.b/c"}
        message = house.accepted(Channel.CUSTOM_IM, extension=extension)
        assert message.content.reveal()["extension"] == extension
        assert message.template == template

    @pytest.mark.parametrize(("policy", "kept"), [("drop", {"title": "x"}), ("pass", None)])
    def test_unknown_fields_are_dropped_or_passed_where_the_label_says_so(
        self, house, template, policy, kept
    ):
        house.label.extension_policy = policy
        house.label.save()
        extension = {"title": "x", "new": "y"}
        message = house.accepted(Channel.CUSTOM_IM, extension=extension)
        assert message.content.reveal()["extension"] == (kept or extension)

    def test_the_path_names_the_template_where_there_are_several(self, house, template):
        other = TemplateFactory(label=house.label, slug="other")
        body = house.body(Channel.CUSTOM_IM)
        assert house.post(Channel.CUSTOM_IM, body)["error_code"] == ErrorCode.NO_SUCH_CALL
        answer = house.post(Channel.CUSTOM_IM, body, path="/api/v1/custom-im/other/")
        assert Message.objects.get(pk=answer["ext_message_id"]).template == other
        answer = house.post(Channel.CUSTOM_IM, body, path="/api/v1/custom-im/none")
        assert answer["error_code"] == ErrorCode.NO_SUCH_CALL


class TestRepeats:
    def test_the_same_request_is_answered_with_the_same_id(self, house):
        assert house.accepted().pk == house.accepted().pk
        assert Message.objects.count() == 1

    def test_another_callback_url_alone_makes_no_other_request(self, house):
        other = house.accepted(callback_url="https://api.smartico.ai/other")
        assert house.accepted().pk == other.pk

    @pytest.mark.parametrize("change", [{"body": "other"}, {"from_number": "Other"}])
    def test_the_same_uid_with_other_content_is_refused(self, house, change):
        first = house.accepted()
        assert house.refusal(**change) == ErrorCode.UID_REUSED
        assert Message.objects.get() == first

    def test_what_is_said_of_a_repeat_is_about_the_message_that_there_is(self, house, sink):  # noqa: F811
        first = house.accepted()
        house.refusal(body="other")
        (line,) = sink.getvalue().splitlines()
        assert json.loads(line)["message_id"] == str(first.pk)

    def test_the_same_uid_for_another_user_is_refused(self, house):
        house.accepted()
        other = EndUserFactory(label=house.label)
        assert house.refusal(ext_user_id=other.ext_user_id) == ErrorCode.UID_REUSED

    def test_the_same_uid_on_another_channel_is_another_message(self, house):
        ids = {house.accepted(channel).pk for channel in (Channel.SMS, Channel.VIBER)}
        assert len(ids) == 2

    def test_a_refusal_does_not_burn_the_uid(self, house):
        assert house.refusal(ext_user_id="later") == ErrorCode.USER_NOT_FOUND
        EndUserFactory(label=house.label, ext_user_id="later")
        assert house.accepted(ext_user_id="later")

    def test_a_repeat_is_answered_even_if_its_gateway_has_gone_since(self, house):
        first = house.accepted()
        Gateway.objects.update(is_active=False)
        assert house.accepted().pk == first.pk


def test_what_is_stored_holds_no_address_in_the_clear(house):
    secret_body = f"to {house.user.email.reveal()}"
    message = house.accepted(Channel.EMAIL, body=secret_body)
    table, pk = Message._meta.db_table, message.pk
    with connections["default"].cursor() as cursor:
        stored_pk = pk.hex if connections["default"].vendor == "sqlite" else str(pk)
        cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [stored_pk])
        row = str(cursor.fetchone())
    assert house.user.email.reveal() not in row
    assert "api.smartico.ai" not in row
    assert EndUser.objects.get().email.reveal() in message.content.reveal()["body"]


def test_due_times_are_now(house):
    message = house.accepted()
    assert abs(message.due_at - timezone.now()) < timedelta(minutes=1)
    assert message.due_at == message.created_at
