"""Labels, Smartico's tenants, and the brands inside them."""

from django.core.validators import MinValueValidator
from django.db import models

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import CLOSING_REPORTS, Status
from gateways.models.version import Versioned

NAME_LENGTH = 120
SUSPENSION_LENGTH = 200


def all_statuses() -> list[str]:
    return list(Status.values)


def all_closing_reports() -> list[str]:
    return [str(reason) for reason in CLOSING_REPORTS]


class ExtensionPolicy(models.TextChoices):
    """What happens to a Custom IM field that the template does not know."""

    REFUSE = "refuse"
    DROP = "drop"
    PASS = "pass"  # noqa: S105  a policy, no password


class Label(Versioned):
    """A Smartico tenant: who may call, how statuses go back, and what users are called."""

    uid = models.UUIDField(default=new_id, unique=True, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=NAME_LENGTH)
    allowed_ips = models.JSONField(
        default=list, blank=True, help_text="Networks that may call the send APIs. Empty: any."
    )
    callback_url = SealedTextField(bound_to="uid", null=True)
    callback_api_key = SealedTextField(bound_to="uid", null=True)
    callback_hosts = models.JSONField(
        default=list,
        blank=True,
        help_text="Hosts that may be called back, the only ones that are given the api_key.",
    )
    callback_statuses = models.JSONField(default=all_statuses, blank=True)
    callback_rate_per_second = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Most callbacks a second. Empty: as fast as Smartico answers.",
    )
    callbacks_suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    callbacks_suspended_because = models.CharField(
        max_length=SUSPENSION_LENGTH, blank=True, editable=False
    )
    preview_domains = models.JSONField(default=list, blank=True)
    filter_properties = models.JSONField(
        default=list, blank=True, help_text="User properties that gateways filter on, at most two."
    )
    extension_policy = models.CharField(
        max_length=8, choices=ExtensionPolicy.choices, default=ExtensionPolicy.REFUSE
    )
    user_ids = models.JSONField(default=dict, blank=True, help_text="{} is exact.")
    directory = SealedJSONField(bound_to="uid", null=True, help_text="None is stored.")
    retention = models.JSONField(default=dict, blank=True)
    receipts = models.JSONField(default=dict, blank=True)
    report_machine_opens = models.BooleanField(
        default=True,
        help_text="Smartico is told also of opens and clicks within a second of the delivery: "
        "scanners of mail servers do that. Off: they are kept, and a person's own is told.",
    )
    suppress_on = models.JSONField(
        default=all_closing_reports,
        blank=True,
        help_text="What closes an address on the channel where it is reported.",
    )
    opt_out_webhook_url = SealedTextField(bound_to="uid", null=True)
    opt_out_webhook_secrets = SealedJSONField(
        bound_to="uid", null=True, help_text="The newest first; each of them signs."
    )
    tells_smartico_opt_outs = models.BooleanField(
        "tells Smartico of opt-outs",
        default=False,
        help_text="As update_profile events: e-mail and SMS are then disabled by the platform.",
    )
    smartico_events_url = SealedTextField(bound_to="uid", null=True)
    smartico_events_token = SealedTextField(bound_to="uid", null=True)
    opt_outs_suspended = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Why, by listener."
    )
    required_headers = SealedJSONField(bound_to="uid", null=True)
    alerts = SealedJSONField(bound_to="uid", null=True)
    is_paused = models.BooleanField(
        default=False,
        help_text="Requests are refused with 5, and what waits is held until this is taken off.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Brand(Versioned):
    """An operator's brand inside a label."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="brands")
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=NAME_LENGTH)
    is_paused = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "slug"], name="brand_slug_in_label"),
        ]

    def __str__(self) -> str:
        return self.name
