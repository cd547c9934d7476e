from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gateways.models import AuditEntry, Breaker, ConfigurationVersion, Gateway
from tests.factories import BrandFactory, GatewayFactory, LabelFactory, MessageFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_gateway_changelist")


def page(gateway: Gateway) -> str:
    return reverse("admin:gateways_gateway_change", args=[gateway.pk])


@pytest.fixture
def sms(db: None) -> Gateway:
    config = {"base_url": "https://api.example.com", "service_key": "kept-canary"}
    label = LabelFactory(filter_properties=["country", "market"])
    return GatewayFactory(label=label, provider="webex_connect", config=config)


def save(client, gateway: Gateway, **changes):
    answer = client.post(page(gateway), filled_in(client, page(gateway), **changes))
    gateway.refresh_from_db()
    return answer


def test_the_whole_form_is_saved(operator, sms):
    brand = BrandFactory(label=sms.label)
    answer = save(
        operator,
        sms,
        brand=brand.pk,
        filter_country="DE\n AT \n\nDE",
        config_service_key=CANARY,
        from_default="Amazing",
        from_allowed="Amazing\nAmazingVIP",
        rate_per_second="50",
    )
    assert errors_of(answer) == {}
    assert sms.config.reveal()["service_key"] == CANARY
    assert sms.config.reveal()["base_url"] == "https://api.example.com"
    assert sms.filters == {"country": ["DE", "AT"]}
    assert (sms.brand, sms.from_allowed) == (brand, ["Amazing", "AmazingVIP"])
    assert sms.rate_per_second == 50


def test_a_secret_that_is_left_empty_stays_as_it_is(operator, sms):
    save(operator, sms, config_base_url="https://api.example.com/v3")
    assert sms.config.reveal() == {
        **{"base_url": "https://api.example.com/v3", "service_key": "kept-canary"}
    }


@pytest.mark.parametrize(
    ("channel", "provider", "config", "elsewhere", "secret"),
    [
        (
            *("sms", "webex_connect"),
            {"base_url": "https://api.example.com", "service_key": "kept-canary"},
            {"config_base_url": "https://evil.example/api"},
            "config_service_key",
        ),
        (
            *("custom_im", "custom_im_http"),
            {"url": "https://n.example.com/", "headers": {"X-A": "kept-canary"}},
            {"config_url": "https://n.example.com:8443/"},
            "config_headers",
        ),
        (
            *("email", "smtp"),
            {"host": "mail.example.com", "port": 587, "security": "starttls"}
            | {"username": "me", "password": "kept-canary"},
            {"config_host": "mail.evil.example"},
            "config_password",
        ),
        (
            *("email", "smtp"),
            {"host": "mail.example.com", "port": 587, "security": "starttls"}
            | {"username": "me", "password": "kept-canary"},
            {"config_port": "2525"},
            "config_password",
        ),
    ],
)
def test_a_kept_secret_is_not_given_to_another_host(
    operator, channel, provider, config, elsewhere, secret
):
    gateway = GatewayFactory(channel=channel, provider=provider, config=config)
    answer = save(operator, gateway, **elsewhere)
    assert set(errors_of(answer)) == {secret}
    assert gateway.config.reveal() == config
    typed = '{"X-A": "typed"}' if secret == "config_headers" else "typed"
    assert errors_of(save(operator, gateway, **elsewhere, **{secret: typed})) == {}
    assert "kept-canary" not in repr(gateway.config.reveal())


@pytest.mark.parametrize(
    "moved",
    [
        {"config_url": "https://bots.example/{{ message.text }}{{ secret }}/send"},
        {"config_body": '{"to": "{{ recipient }}", "text": "{{ secret }}"}'},
        {"config_headers": '{"X-Sender": "{{ secret }}"}'},
    ],
)
def test_a_kept_secret_is_not_put_where_it_did_not_stand(operator, moved):
    url, body = "https://bots.example/{{ secret }}/send", {"to": "{{ recipient }}"}
    api = GatewayFactory(
        channel="sms",
        provider="http_api",
        config={"method": "POST", "url": url, "auth": "request", "secret": "kept-canary"}
        | {"body_kind": "json", "body": body, "success_statuses": "200-299"},
    )
    assert errors_of(save(operator, api, config_body='{"to": "{{ recipient.digits }}"}')) == {}
    before = api.config.reveal()

    assert set(errors_of(save(operator, api, **moved))) == {"config_secret"}
    assert api.config.reveal() == before
    assert errors_of(save(operator, api, **moved, config_secret="typed")) == {}
    assert "kept-canary" not in repr(api.config.reveal())


def test_saving_without_a_change_does_not_write_the_secrets_again(operator, sms):
    def sealed():
        return str(Gateway.objects.values_list("config", flat=True).get())

    before = sealed()
    assert errors_of(save(operator, sms, name="Another name")) == {}
    assert sms.name == "Another name"
    assert sealed() == before


def test_a_saved_secret_is_on_no_page_and_not_in_the_history(operator, sms):
    answer = save(operator, sms, config_service_key=CANARY)
    urls = [LIST, page(sms), reverse("admin:gateways_gateway_history", args=[sms.pk])]
    shown = [answer.content, *(operator.get(url, follow=True).content for url in urls)]
    assert not [content for content in shown if b"canary" in content]
    assert AuditEntry.objects.get().changes == {"config.service_key": "changed"}


def test_a_refused_form_does_not_repeat_the_secrets_that_were_typed(operator):
    gateway = GatewayFactory(channel="custom_im", provider="custom_im_http")
    answer = save(
        operator,
        gateway,
        config_url="no url",
        config_authorization=CANARY,
        config_headers=f'{{"X-Token": "{CANARY}"}}',
    )
    assert "config_url" in errors_of(answer)
    assert CANARY not in answer.content.decode()


def test_a_configuration_that_the_provider_refuses_is_told_at_its_field(operator):
    gateway = GatewayFactory(channel="email", provider="smtp")
    answer = save(operator, gateway, config_host="mail.example.com", config_username="only")
    assert errors_of(answer)
    assert gateway.config.reveal() == {}


def test_headers_are_typed_as_json_and_kept(operator):
    gateway = GatewayFactory(channel="custom_im", provider="custom_im_http")
    changes = {"config_url": "https://n.example.com/", "config_authorization": CANARY}
    answer = save(operator, gateway, **changes, config_headers='{"X-A": "b"}')
    assert errors_of(answer) == {}
    save(operator, gateway, name="Another")
    assert gateway.config.reveal()["headers"] == {"X-A": "b"}


def test_a_brand_of_another_label_is_not_offered(operator, sms):
    other = BrandFactory()
    assert set(errors_of(save(operator, sms, brand=other.pk))) == {"brand"}


def test_label_provider_and_channel_stay_what_they_were(operator, sms):
    save(operator, sms, provider="sandbox", channel="email", label=LabelFactory().pk)
    assert (sms.provider, sms.channel) == ("webex_connect", "sms")


def test_the_second_of_two_people_is_told_what_the_first_one_changed(operator, sms):
    mine = filled_in(operator, page(sms), name="Mine")
    save(operator, sms, name="Theirs", config_service_key=CANARY)
    answer = operator.post(page(sms), mine)
    [text] = errors_of(answer)["__all__"]
    assert text == "Changed by somebody else meanwhile: name, config. Save again to overwrite that."
    sms.refresh_from_db()
    assert sms.name == "Theirs"
    again = {**mine, "seen": answer.context["adminform"].form["seen"].value()}
    assert errors_of(operator.post(page(sms), again)) == {}
    sms.refresh_from_db()
    assert (sms.name, sms.config.reveal()["service_key"]) == ("Mine", CANARY)


def test_a_pause_meanwhile_disturbs_nobody_and_is_kept(operator, sms):
    mine = filled_in(operator, page(sms), name="Mine")
    Gateway.objects.update(is_paused=True, paused_because="401")
    assert errors_of(operator.post(page(sms), mine)) == {}
    sms.refresh_from_db()
    assert (sms.name, sms.is_paused, sms.paused_because) == ("Mine", True, "401")


def test_a_gateway_is_paused_and_resumed_and_the_history_tells(operator, sms):
    Gateway.objects.update(is_paused=True, paused_because="401")
    version = ConfigurationVersion.read()
    act = {"_selected_action": [sms.pk], "confirmed": "yes"}
    operator.post(LIST, {**act, "action": "resume"})
    sms.refresh_from_db()
    assert (sms.is_paused, sms.paused_because) == (False, "")
    assert ConfigurationVersion.read() > version
    operator.post(LIST, {**act, "action": "pause"})
    sms.refresh_from_db()
    assert sms.is_paused
    assert [entry.told_changes for entry in AuditEntry.objects.order_by("pk")] == [
        [("is_paused", "yes", "no")],
        [("is_paused", "no", "yes")],
    ]


def test_a_gateway_is_deactivated_and_activated(operator, sms):
    act = {"_selected_action": [sms.pk], "confirmed": "yes"}
    for action, is_active in (("deactivate", False), ("activate", True)):
        operator.post(LIST, {**act, "action": action})
        sms.refresh_from_db()
        assert sms.is_active is is_active


@pytest.mark.parametrize("action", ["pause", "deactivate"])
def test_an_action_says_first_how_many_gateways_it_means(operator, sms, action):
    other = GatewayFactory(is_paused=True, is_active=False)
    chosen = {"_selected_action": [sms.pk, other.pk], "action": action}
    asked = operator.post(LIST, chosen)
    assert asked.context["count"] == 1
    sms.refresh_from_db()
    assert (sms.is_active, sms.is_paused) == (True, False)


def test_the_list_says_in_words_what_a_gateway_is(operator, sms):
    filters = {"country": ["DE", "AT"], "market": ["eu"]}
    Gateway.objects.update(filters=filters, is_paused=True, paused_because="401 from the provider")
    shown = operator.get(f"{LIST}?kind=im").content.decode()
    for words in ("Webex Connect", "any", "country is DE or AT, market is eu", "401 from the"):
        assert words in shown
    assert sms.name not in operator.get(f"{LIST}?kind=mail").content.decode()


def test_a_reader_is_offered_no_action(reader, sms):
    reader.post(LIST, {"_selected_action": [sms.pk], "action": "pause"})
    sms.refresh_from_db()
    assert not sms.is_paused


def test_a_gateway_with_messages_is_not_deleted(operator):
    gateway = MessageFactory().gateway
    operator.post(reverse("admin:gateways_gateway_delete", args=[gateway.pk]), {"post": "yes"})
    operator.post(
        LIST, {"_selected_action": [gateway.pk], "action": "delete_selected", "post": "yes"}
    )
    assert Gateway.objects.filter(pk=gateway.pk).exists()


def test_a_deletion_is_seen_by_every_process(operator, sms):
    version = ConfigurationVersion.read()
    act = {"_selected_action": [sms.pk], "action": "delete_selected", "post": "yes"}
    operator.post(LIST, act)
    assert not Gateway.objects.exists()
    assert ConfigurationVersion.read() > version


@pytest.mark.parametrize(
    ("field", "value"),
    [("from_default", "no address"), ("from_allowed", "a@b.example\nno address, at all")],
)
def test_a_sender_with_which_no_mail_could_leave_is_refused(operator, field, value):
    gateway = GatewayFactory(channel="email", provider="sandbox")
    assert set(errors_of(save(operator, gateway, **{field: value}))) == {field}


def test_a_mail_gateway_has_a_reply_to_and_others_have_none(operator, sms):
    gateway = GatewayFactory(channel="email", provider="sandbox")
    changes = {"reply_to_default": "Help <help@amazing.co>", "reply_to_allowed": "amazing.co"}
    assert errors_of(save(operator, gateway, **changes)) == {}
    assert gateway.reply_to_default == "Help <help@amazing.co>"
    assert gateway.reply_to_allowed == ["amazing.co"]
    assert "reply_to_default" not in filled_in(operator, page(sms))


def test_custom_im_has_no_from(operator):
    gateway = GatewayFactory(channel="custom_im", provider="custom_im_http")
    assert not [name for name in filled_in(operator, page(gateway)) if name.startswith("from_")]


def test_a_gateway_that_does_not_answer_says_so_and_is_tried_at_once_when_asked(operator, sms):
    now = timezone.now()
    Breaker.objects.create(
        gateway=sms,
        failures=9,
        opened_at=now,
        retry_at=now + timedelta(minutes=5),
        reason="connection refused",
    )
    for shown in (
        operator.get(LIST),
        operator.get(f"{LIST}?answering=no"),
        operator.get(page(sms)),
    ):
        assert "not answering" in shown.content.decode()
        assert "connection refused; one message is tried at" in shown.content.decode()
    act = {"_selected_action": [sms.pk], "action": "try_now", "confirmed": "yes"}
    operator.post(LIST, act)
    assert Breaker.objects.get().retry_at <= timezone.now()
    assert AuditEntry.objects.get().reason == "tried again at once"


def test_a_gateway_that_was_asked_to_rest_says_until_when_and_is_tried_at_once_when_asked(
    operator, sms
):
    Breaker.objects.create(gateway=sms, not_before=timezone.now() + timedelta(minutes=5))
    for shown in (operator.get(LIST), operator.get(page(sms))):
        assert "asked for a rest" in shown.content.decode()
        assert "its provider takes no calls before" in shown.content.decode()
    act = {"_selected_action": [sms.pk], "action": "try_now", "confirmed": "yes"}
    operator.post(LIST, act)
    assert Breaker.objects.get().not_before is None
    assert "asked for a rest" not in operator.get(LIST).content.decode()


def test_the_guard_is_set_on_a_tab_of_its_own(operator, sms):
    answer = operator.get(page(sms))
    assert "Blast guard" in answer.content.decode()
    changes = {"guard_is_on": "on", "guard_times": "2.5", "guard_least": "500"}
    assert errors_of(save(operator, sms, **changes, guard_failure_share="")) == {}
    columns = (sms.guard_is_on, sms.guard_times, sms.guard_least, sms.guard_failure_share)
    assert columns == (True, 2.5, 500, None)


@pytest.mark.parametrize(
    ("name", "typed"),
    [("guard_times", "0.9"), ("guard_least", "0"), ("guard_failure_share", "50")],
)
def test_a_guard_that_means_nothing_is_refused(operator, sms, name, typed):
    assert list(errors_of(save(operator, sms, **{name: typed}))) == [name]
