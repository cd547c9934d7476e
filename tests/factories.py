"""Rows for tests: a small house that works as it stands."""

from datetime import timedelta

import factory
from django.utils import timezone

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import Brand, Gateway, Key, Label, Template, TemplateField
from gateways.models.key import secret_digest
from messages_app.models import Message, State
from messages_app.repeats import uid_key
from users.models import EndUser

SECRET = "the-secret-of-smartico"
STATUS_KEY = "the-status-key"
API_KEY = "the-api-key-of-smartico"
CALLBACK_URL = "https://api.smartico.ai/callback"


class LabelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Label

    slug = factory.Sequence(lambda n: f"label-{n}")
    name = factory.Sequence(lambda n: f"Label {n}")
    callback_api_key = API_KEY
    callback_hosts = ["api.smartico.ai"]
    preview_domains = ["amazing.co"]
    filter_properties = ["country"]


class BrandFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Brand

    label = factory.SubFactory(LabelFactory)
    slug = factory.Sequence(lambda n: f"brand-{n}")
    name = factory.Sequence(lambda n: f"Brand {n}")


class KeyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Key

    class Params:
        secret = SECRET

    label = factory.SubFactory(LabelFactory)
    kind = KeyKind.SMARTICO
    digest = factory.LazyAttribute(lambda key: secret_digest(key.secret))


class GatewayFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Gateway

    label = factory.SubFactory(LabelFactory)
    slug = factory.Sequence(lambda n: f"gateway-{n}")
    name = factory.Sequence(lambda n: f"Gateway {n}")
    channel = Channel.SMS
    provider = "sandbox"
    config = factory.LazyFunction(dict)


class TemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Template
        skip_postgeneration_save = True

    label = factory.SubFactory(LabelFactory)
    slug = factory.Sequence(lambda n: f"template-{n}")
    name = factory.Sequence(lambda n: f"Template {n}")


class TemplateFieldFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TemplateField

    template = factory.SubFactory(TemplateFactory)
    name = "title"


class EndUserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EndUser

    label = factory.SubFactory(LabelFactory)
    ext_user_id = factory.Sequence(lambda n: f"user-{n}")
    email = factory.Sequence(lambda n: f"canary.{n}@mailbox.example")
    phone = factory.Sequence(lambda n: f"+49151{n:08d}")
    properties = factory.LazyFunction(lambda: {"country": "DE"})


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    label = factory.SubFactory(LabelFactory)
    gateway = factory.SubFactory(GatewayFactory, label=factory.SelfAttribute("..label"))
    end_user = factory.SubFactory(EndUserFactory, label=factory.SelfAttribute("..label"))
    channel = Channel.SMS
    uid = factory.Sequence(lambda n: f"uid-{n}")
    repeat_key = factory.LazyAttribute(lambda message: uid_key(message.uid))
    fingerprint = "0" * 64
    content = factory.LazyFunction(lambda: {"body": "Best offer ever"})
    callback_url = CALLBACK_URL
    state = State.QUEUED
    created_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))
