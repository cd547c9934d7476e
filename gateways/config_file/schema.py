"""What may stand in a configuration file, and which column it becomes.

One declaration for both ways: `source` names the column, and a group of keys whose columns belong
to the row around it has the source `*`.
"""

from typing import Any

from rest_framework import serializers

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import CLOSING_REPORTS, KeyKind, Status
from gateways.callers import SECRET_LENGTH
from gateways.config_file.fields import (
    BrandSlugField,
    CallbackHostField,
    ChoiceField,
    DigestField,
    DirectoryField,
    DomainField,
    NetworkField,
    RateField,
    SealedDictField,
    SealedField,
    SealedUrlField,
    UserIdsField,
    WebhookSecretsField,
    WordsField,
    hidden,
)
from gateways.config_file.gateway_schema import GatewaySchema
from gateways.config_file.strict import Named, PausedField, Strict
from gateways.config_file.template_schema import TemplateSchema
from gateways.models.key import HIGHEST_RATE
from gateways.models.label import ExtensionPolicy, all_closing_reports, all_statuses
from gateways.opt_outs import LIVE_TOGETHER
from gateways.receipts import LONGEST_HOURS

FILTER_PROPERTIES = 2


class KeySchema(Strict):
    kind = ChoiceField(KeyKind.choices)
    secret = DigestField(source="digest", max_length=SECRET_LENGTH)
    brand = BrandSlugField(default=None)
    rate_per_second = serializers.IntegerField(min_value=1, max_value=HIGHEST_RATE, default=None)


class CallbackSchema(Strict):
    url = SealedField(source="callback_url", default=None, max_length=2048)
    api_key = SealedField(source="callback_api_key", default=None, max_length=1024)
    hosts = serializers.ListField(source="callback_hosts", child=CallbackHostField(), default=list)
    statuses = WordsField(Status, source="callback_statuses", default=all_statuses)
    rate_per_second = RateField(source="callback_rate_per_second")


class WebhookSchema(Strict):
    url = SealedUrlField(source="opt_out_webhook_url", default=None, max_length=2048)
    secrets = WebhookSecretsField(
        source="opt_out_webhook_secrets", default=None, max_length=LIVE_TOGETHER
    )


class SmarticoEventsSchema(Strict):
    is_on = serializers.BooleanField(source="tells_smartico_opt_outs", default=False)
    url = SealedUrlField(source="smartico_events_url", default=None, max_length=2048)
    token = SealedField(source="smartico_events_token", default=None, max_length=1024)


class OptOutsSchema(Strict):
    suppress_on = WordsField(CLOSING_REPORTS, default=all_closing_reports)
    webhook = WebhookSchema(source="*", required=False)
    smartico = SmarticoEventsSchema(source="*", required=False)


class DaysField(serializers.IntegerField):
    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=36_500, required=False)


class RetentionSchema(Strict):
    bodies_days = DaysField()
    events_days = DaysField()
    tombstones_days = DaysField()

    def to_representation(self, instance: Any) -> Any:
        return dict(instance)


class ReceiptsSchema(Strict):
    hours = serializers.IntegerField(min_value=1, max_value=LONGEST_HOURS, required=False)
    report = serializers.BooleanField(required=False)

    def to_representation(self, instance: Any) -> Any:
        return dict(instance)


class AlertsSchema(Strict):
    emails = serializers.ListField(child=serializers.EmailField(), required=False)
    webhook = serializers.URLField(required=False)


class AlertsField(serializers.Field):  # type: ignore[type-arg]
    """Who is told when something breaks. Kept encrypted as a whole; None where nobody is."""

    def to_internal_value(self, data: Any) -> Any:
        values = AlertsSchema().run_validation(data)
        return Personal(dict(values)) if values else None

    def to_representation(self, value: Any) -> Any:
        return hidden(value.reveal())


class BrandSchema(Named):
    is_paused = PausedField()


class LabelSchema(Named):
    keys = KeySchema(many=True, default=list)
    allowed_ips = serializers.ListField(child=NetworkField(), default=list)
    callback = CallbackSchema(source="*", required=False)
    opt_outs = OptOutsSchema(source="*", required=False)
    preview_domains = serializers.ListField(child=DomainField(), default=list)
    filter_properties = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=FILTER_PROPERTIES
    )
    extension_policy = ChoiceField(ExtensionPolicy.choices, default=ExtensionPolicy.REFUSE)
    user_ids = UserIdsField(default=dict)
    report_machine_opens = serializers.BooleanField(default=True)
    directory = DirectoryField(default=None)
    retention = RetentionSchema(required=False)
    receipts = ReceiptsSchema(required=False)
    required_headers = SealedDictField(default=None)
    alerts = AlertsField(default=None)
    is_paused = PausedField()
    brands = BrandSchema(many=True, default=list)
    templates = TemplateSchema(many=True, default=list)
    gateways = GatewaySchema(many=True, default=list)


class FileSchema(Strict):
    labels = LabelSchema(many=True, allow_empty=False)
