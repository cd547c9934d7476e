"""The creation wizard: a draft from the first page on, a gateway after the last."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.protocol import ErrorCode
from gateways import configuration, drafts
from gateways.models import AuditEntry, ConfigurationVersion, Gateway
from gateways.providers.registry import provider_classes
from tests.factories import BrandFactory, GatewayFactory, LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in, limited_operator
from tests.messages_app.house import build_house

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_gateway_changelist")
CHOOSE = reverse("admin:gateways_gateway_add")
STEPS = ("conditions", "access", "from", "confirm")
TYPED = {
    "conditions": {"name": "SMS Germany", "brand": "", "filter_country": "DE\nAT"},
    "access": {"config_base_url": "https://api.example.com", "config_service_key": CANARY},
    "from": {"from_default": "Amazing", "from_allowed": "Amazing", "unknown_sender": "refuse"},
}


def at(draft: Gateway, step: str) -> str:
    return reverse("admin:gateways_gateway_wizard", args=[draft.pk, step])


def discard_url(draft: Gateway) -> str:
    return reverse("admin:gateways_gateway_discard", args=[draft.pk])


def change_url(gateway: Gateway) -> str:
    return reverse("admin:gateways_gateway_change", args=[gateway.pk])


@pytest.fixture
def draft(db) -> Gateway:
    label = LabelFactory(filter_properties=["country"])
    return drafts.begin(label, channel="sms", provider="webex_connect")


def fill_in(client, draft: Gateway, step: str, **changes):
    posted = filled_in(client, at(draft, step), **{**TYPED.get(step, {}), **changes})
    answer = client.post(at(draft, step), posted)
    draft.refresh_from_db()
    return answer


def fill_in_all(client, draft: Gateway) -> None:
    for step in STEPS[:-1]:
        assert errors_of(fill_in(client, draft, step)) == {}


class TestChoosing:
    def test_a_card_begins_a_draft(self, operator):
        label = LabelFactory()
        answer = operator.post(CHOOSE, {"label": label.pk, "account": "viber:sandbox"})
        draft = Gateway.objects.get()
        assert answer.url == at(draft, "conditions")
        assert (draft.label, draft.channel, draft.provider) == (label, "viber", "sandbox")
        assert draft.is_draft
        assert not draft.is_active

    def test_there_is_a_card_with_what_it_needs_for_every_channel_of_a_provider(self, operator):
        groups = operator.get(CHOOSE).context["groups"]
        shown = {card.value: card.needs for _, cards in groups for card in cards}
        assert shown == {
            f"{channel}:{slug}": provider.needs
            for slug, provider in provider_classes().items()
            for channel in provider.channels
        }

    @pytest.mark.parametrize(("kind", "has_mail", "has_sms"), [("mail", 1, 0), ("im", 0, 1)])
    def test_mail_and_instant_messages_are_kept_apart(self, operator, kind, has_mail, has_sms):
        groups = operator.get(f"{CHOOSE}?kind={kind}").context["groups"]
        channels = [channel for channel, _ in groups]
        assert channels.count("email") == has_mail
        assert channels.count("sms") == has_sms

    def test_an_only_label_is_chosen_already(self, operator):
        label = LabelFactory()
        assert f'value="{label.pk}"' in str(operator.get(CHOOSE).context["form"]["label"])
        assert "Choose a label" not in operator.get(CHOOSE).content.decode()

    @pytest.mark.parametrize("account", ["", "sms:smtp", "sms:gone", "sms"])
    def test_what_is_on_no_card_is_refused(self, operator, account):
        answer = operator.post(CHOOSE, {"label": LabelFactory().pk, "account": account})
        assert answer.context["form"].errors.keys() == {"account"}
        assert not Gateway.objects.exists()


class TestSteps:
    def test_the_screens_are_filled_in_one_after_the_other(self, operator, draft):
        for step, following in zip(STEPS, STEPS[1:], strict=False):
            assert fill_in(operator, draft, step).url == at(draft, following)
        assert draft.name == "SMS Germany"
        assert draft.filters == {"country": ["DE", "AT"]}
        assert draft.config.reveal()["service_key"] == CANARY
        assert (draft.from_default, draft.from_allowed) == ("Amazing", ["Amazing"])
        assert draft.is_draft

    @pytest.mark.parametrize("step", STEPS[1:])
    def test_a_step_is_closed_until_those_before_it_are_filled_in(self, operator, draft, step):
        assert operator.get(at(draft, step)).url == at(draft, "conditions")
        assert operator.post(at(draft, step), TYPED.get(step, {"a": "b"})).url == at(
            draft, "conditions"
        )
        fill_in(operator, draft, "conditions")
        expected = {"access": 200}.get(step, 302)
        assert operator.get(at(draft, step)).status_code == expected

    def test_what_is_wrong_is_told_and_nothing_is_saved(self, operator, draft):
        assert set(errors_of(fill_in(operator, draft, "conditions", name=""))) == {"name"}
        assert draft.name == ""

    def test_a_brand_of_another_label_is_refused(self, operator, draft):
        brand = BrandFactory()
        assert set(errors_of(fill_in(operator, draft, "conditions", brand=brand.pk))) == {"brand"}

    def test_back_saves_what_was_typed(self, operator, draft):
        fill_in(operator, draft, "conditions")
        assert fill_in(operator, draft, "access", _back="").url == at(draft, "conditions")
        assert draft.config.reveal()["service_key"] == CANARY

    def test_a_reload_shows_what_was_saved_and_no_secret(self, operator, draft):
        fill_in_all(operator, draft)
        assert filled_in(operator, at(draft, "conditions"))["name"] == "SMS Germany"
        page = operator.get(at(draft, "access")).content.decode()
        assert "https://api.example.com" in page
        assert "Saved, and not shown." in page
        assert CANARY not in page

    def test_a_secret_is_neither_in_the_session_nor_shown_again_when_refused(self, operator, draft):
        fill_in(operator, draft, "conditions")
        answer = fill_in(operator, draft, "access", config_base_url="no url")
        assert "config_base_url" in errors_of(answer)
        assert CANARY not in answer.content.decode()
        fill_in_all(operator, draft)
        pages = [operator.get(at(draft, step)).content.decode() for step in STEPS]
        assert not [page for page in pages if CANARY in page]
        sessions = [session.get_decoded() for session in Session.objects.all()]
        assert sessions
        assert CANARY not in str(sessions)

    def test_two_tabs_on_different_screens_do_not_disturb_each_other(self, operator, draft):
        fill_in_all(operator, draft)
        first = filled_in(operator, at(draft, "conditions"), name="First tab")
        second = filled_in(operator, at(draft, "from"), from_default="Second")
        operator.post(at(draft, "from"), second)
        assert errors_of(operator.post(at(draft, "conditions"), first)) == {}
        draft.refresh_from_db()
        assert (draft.name, draft.from_default) == ("First tab", "Second")

    def test_two_tabs_on_one_screen_are_told_of_each_other(self, operator, draft):
        first = filled_in(operator, at(draft, "conditions"), name="First")
        second = filled_in(operator, at(draft, "conditions"), name="Second")
        operator.post(at(draft, "conditions"), first)
        answer = operator.post(at(draft, "conditions"), second)
        assert "Changed by somebody else meanwhile: name" in str(errors_of(answer))

    def test_custom_im_has_no_from(self, operator, draft):
        Gateway.objects.update(channel="custom_im", provider="custom_im_http")
        keys = [step.key for step in operator.get(at(draft, "conditions")).context["steps"]]
        assert keys == ["conditions", "access", "confirm"]
        assert operator.get(at(draft, "from")).status_code == 404

    def test_the_page_of_a_provider_shows_its_instructions_and_our_url(self, operator, draft):
        fill_in(operator, draft, "conditions")
        page = unescape(operator.get(at(draft, "access")).content.decode())
        assert f"/callbacks/webhooks/{draft.token.reveal()}" in page
        assert provider_classes()["webex_connect"].instructions[0] in page

    @pytest.mark.parametrize("provider", ["smtp", "scaleway"])
    def test_no_url_is_shown_to_whom_nobody_would_give_it(self, operator, provider):
        draft = drafts.begin(LabelFactory(), channel="email", provider=provider)
        fill_in(operator, draft, "conditions")
        page = unescape(operator.get(at(draft, "access")).content.decode())
        assert provider_classes()[provider].instructions[0] in page
        assert "Our URLs" not in page
        assert draft.token.reveal() not in page


class TestConfirming:
    def test_everything_is_listed_and_of_secrets_that_they_are_set(self, operator, draft):
        fill_in_all(operator, draft)
        parts = operator.get(at(draft, "confirm")).context["parts"]
        facts = [each for part in parts for each in part.facts]
        lines = dict(line for each in facts for line in each.lines or ())
        assert lines["Name"] == "SMS Germany"
        assert lines["Brand"] == "any"
        assert lines["Only where country is"] == "DE, AT"
        assert lines["Service key"] == "set"
        assert lines["Service secret"] == "not set"
        assert [each.lines for each in facts if each.title == "Webhooks"] == [None]
        assert "RCS" not in [each.title for each in facts]
        assert lines["Base URL"] == "https://api.example.com"
        assert lines["Unknown sender"] == "Refuse"

    @pytest.mark.parametrize(("button", "is_active"), [("_active", True), ("_not_yet", False)])
    def test_the_gateway_is_created_active_or_not_yet(self, operator, draft, button, is_active):
        fill_in_all(operator, draft)
        answer = operator.post(at(draft, "confirm"), {button: ""})
        draft.refresh_from_db()
        assert answer.url == change_url(draft)
        assert (draft.is_draft, draft.is_active, draft.slug) == (False, is_active, "sms-germany")
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_id) == ("added", str(draft.pk))
        assert CANARY not in str(entry.changes)

    def test_a_slug_that_is_taken_is_numbered(self, operator, draft):
        GatewayFactory(label=draft.label, slug="sms-germany")
        fill_in_all(operator, draft)
        operator.post(at(draft, "confirm"), {"_active": ""})
        draft.refresh_from_db()
        assert draft.slug == "sms-germany-2"

    def test_a_second_click_creates_nothing_more(self, operator, draft):
        fill_in_all(operator, draft)
        for _ in range(2):
            assert operator.post(at(draft, "confirm"), {"_not_yet": ""}).url == change_url(draft)
        assert AuditEntry.objects.count() == 1
        assert operator.post(discard_url(draft)).url == change_url(draft)
        assert operator.post(at(draft, "from"), {"from_default": "x"}).url == change_url(draft)
        draft.refresh_from_db()
        assert draft.from_default == "Amazing"


class TestDrafts:
    def test_a_draft_routes_nothing_until_it_is_created(self, operator):
        house = build_house()
        Gateway.objects.filter(channel="sms").delete()
        draft = drafts.begin(house.label, channel="sms", provider="sandbox")
        fill_in(operator, draft, "conditions", filter_country="")
        fill_in(operator, draft, "access")
        assert house.refusal() == ErrorCode.NO_GATEWAY
        assert configuration.current().gateways[draft.pk].is_draft
        operator.post(at(draft, "confirm"), {"_active": ""})
        assert house.accepted().gateway_id == draft.pk

    def test_a_probe_of_its_webhook_url_is_answered(self, client, draft):
        path = f"/callbacks/webhooks/{draft.token.reveal()}"
        assert client.get(path).status_code == 200

    def test_the_list_shows_it_as_a_draft_only(self, operator, draft):
        context = operator.get(f"{LIST}?kind=im").context
        assert list(context["drafts"]) == [draft]
        assert not context["cl"].result_list
        assert not operator.get(f"{LIST}?kind=mail").context["drafts"]

    def test_no_action_touches_it(self, operator, draft):
        chosen = {"_selected_action": [draft.pk], "action": "activate", "confirmed": "yes"}
        operator.post(LIST, chosen)
        draft.refresh_from_db()
        assert not draft.is_active

    def test_it_is_discarded_when_that_was_confirmed(self, operator, draft):
        assert "Discard" in operator.get(discard_url(draft)).content.decode()
        assert Gateway.objects.exists()
        operator.post(discard_url(draft))
        assert not Gateway.objects.exists()
        assert operator.get(at(draft, "conditions")).status_code == 404

    def test_it_is_deleted_after_a_week(self, draft):
        kept = GatewayFactory(is_active=False)
        Gateway.objects.update(created_at=timezone.now() - timedelta(days=6, hours=23))
        version = ConfigurationVersion.read()
        assert drafts.discard_abandoned() == 0
        assert ConfigurationVersion.read() == version
        Gateway.objects.update(created_at=timezone.now() - timedelta(days=7, hours=1))
        assert drafts.discard_abandoned() == 1
        assert Gateway.objects.get() == kept


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [
        ("SMS Germany", (), "sms-germany"),
        ("SMS Germany", ("sms-germany", "sms-germany-2"), "sms-germany-3"),
        ("СМС", (), "gateway"),
        ("x" * 120, (), "x" * 56),
    ],
)
def test_a_slug_is_made_from_the_name(name, taken, slug):
    assert drafts.free_slug(name, taken) == slug


class TestRights:
    def urls(self, draft: Gateway) -> list[str]:
        return [*(at(draft, step) for step in STEPS), discard_url(draft)]

    def test_who_may_not_add_gateways_sees_no_wizard(self, reader, draft):
        for url in [CHOOSE, *self.urls(draft)]:
            assert reader.get(url).status_code == 403, url
            assert reader.post(url).status_code == 403, url
        assert Gateway.objects.exists()

    def test_drafts_of_other_labels_do_not_exist(self, draft):
        own = LabelFactory()
        client = limited_operator(own)
        for url in self.urls(draft):
            assert client.get(url).status_code == 404, url
            assert client.post(url, {"_active": ""}).status_code == 404, url
        assert not client.get(LIST).context["drafts"]
        assert list(client.get(CHOOSE).context["form"].fields["label"].queryset) == [own]
        client.post(CHOOSE, {"label": draft.label.pk, "account": "sms:sandbox"})
        assert Gateway.objects.get() == draft
