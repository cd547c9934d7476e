"""Messages, the tries to send them, what was learnt about them, and reports not yet matched."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Brand, Gateway, Label, Template
from messages_app.causes import Cause
from messages_app.guarding.verdict import Kind
from messages_app.statuses import ENDS
from users.models import EndUser

UID_LENGTH = 255
DETAIL_LENGTH = 500
PROVIDER_ID_LENGTH = 255
WORD_LENGTH = 100
CAUSE_LENGTH = 24
BEFORE_ALL = UUID(int=0)


class State(models.TextChoices):
    """Where a message stands on its way out; its `status` is what Smartico is told."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "Outcome unknown"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"


OPEN = (State.QUEUED, State.SENDING, State.UNKNOWN)
"""Neither at an end nor with a provider, as far as is known."""


BEFORE_A_CLAIM = (State.QUEUED, State.FAILED)
NEVER_TRIED = ("state", "attempts", "requeued_at")
"""By what is seen whether a message was."""


def never_tried(state: str, attempts: int, requeued_at: datetime | None) -> bool:
    """Whether it waits, or has ended, without ever having been claimed by a worker."""
    return state in BEFORE_A_CLAIM and not attempts and requeued_at is None


class MessageQuerySet(models.QuerySet["Message"]):
    def tried(self) -> Self:
        """All but those that were never tried."""
        return self.exclude(state__in=BEFORE_A_CLAIM, attempts=0, requeued_at=None)


class Message(models.Model):
    """One request of Smartico to one end user. Its id is the `ext_message_id`.

    It holds no address: that is looked up when it is sent. (Preview mails hold theirs sealed.)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.PROTECT, db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, db_index=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True, db_index=False)
    end_user = models.ForeignKey(EndUser, on_delete=models.SET_NULL, null=True, db_index=False)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    uid = models.CharField(max_length=UID_LENGTH, blank=True)
    repeat_key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    activity_type = models.CharField(max_length=32, blank=True)
    content = SealedJSONField(null=True)
    callback_url = SealedTextField(null=True)
    preview_address = SealedTextField(null=True)
    is_test = models.BooleanField(
        default=False, help_text="Sent by hand through one gateway; Smartico is told nothing of it."
    )
    notes = models.JSONField(default=list, blank=True)
    chosen_because = models.CharField(
        max_length=200, blank=True, help_text="Why this gateway, when the message was accepted."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    is_set_aside = models.BooleanField(
        default=False, help_text="Due as soon as the directory has been asked about its user."
    )
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(
        null=True, help_text="Since then only a tombstone is left, for late statuses and repeats."
    )
    pruned_statuses = models.JSONField(
        default=list, help_text="Those that had been learnt and counted when it was pruned."
    )
    requeued_at = models.DateTimeField(
        null=True, help_text="When a person last queued it again; tries are counted from there."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "channel", "repeat_key"], name="message_once_per_uid"
            ),
        ]
        indexes = [
            models.Index(
                fields=["gateway", "due_at"], name="message_due", condition=Q(state=State.QUEUED)
            ),
            models.Index(
                fields=["lease_until"], name="message_leased", condition=Q(state=State.SENDING)
            ),
            models.Index(
                fields=["expires_at"], name="message_expiring", condition=Q(state=State.QUEUED)
            ),
            models.Index(
                fields=["state", "gateway", "due_at"],
                name="message_test",
                condition=Q(is_test=True),
            ),
            models.Index(
                fields=["label", "uid"], name="preview_by_uid", condition=~Q(activity_type="")
            ),
            models.Index(
                fields=["template"], name="message_of_template", condition=Q(template__isnull=False)
            ),
            models.Index(fields=["end_user", "id"], name="message_of_user"),
            models.Index(
                fields=["label"], name="message_unknown", condition=Q(state=State.UNKNOWN)
            ),
            models.Index(fields=["label", "channel", "id"], name="message_of_channel"),
        ]
        permissions = [
            ("resend_message", "Can retry and resend messages and settle unknown outcomes"),
            ("test_message", "Can send test messages"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def is_preview(self) -> bool:
        return bool(self.activity_type)

    @property
    def is_known_to_be_taken(self) -> bool:
        """Whether a status proves that a provider has it. The end of an earlier round, which a
        message that was queued again keeps, proves nothing about this one.
        """
        return bool(self.status) and self.status not in ENDS


class SendAttempt(models.Model):
    """One try at one gateway, and the id the provider gave it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="send_attempts")
    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.PROTECT,
        db_index=False,  # attempt_by_provider_id begins with it
    )
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=32)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    cause = models.CharField(max_length=CAUSE_LENGTH, choices=Cause.choices, blank=True)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    address_index = models.CharField(
        max_length=64, blank=True, help_text="Blind index of the address that was tried."
    )
    address_channel = models.CharField(
        max_length=16, choices=Channel.choices, blank=True, help_text="Which kind of address it is."
    )
    rendered = SealedTextField(null=True, bound_to="rendered_as")
    rendered_as = models.UUIDField(
        null=True, editable=False, help_text="What `rendered` is bound to; none where it is null."
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    ask_at = models.DateTimeField(
        null=True, help_text="When the provider is asked next what became of the message."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rendered_as"],
                name="attempt_rendered_once",
                condition=Q(rendered_as__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "provider_id"], name="attempt_by_provider_id"),
            models.Index(
                fields=["gateway", "ask_at"],
                name="attempt_to_ask_about",
                condition=Q(ask_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"try {self.number} of message {self.message_id}"


class StatusEventQuerySet(models.QuerySet["StatusEvent"]):
    def counted(self) -> Self:
        """Without what a machine did and Smartico was not told of: a person may do it yet."""
        return self.filter(Q(is_reported=True) | Q(is_machine=False))


class StatusEvent(models.Model):
    """One status learnt about one message; a repeat of it is not another event, but what a person
    does is another than what a machine did.
    """

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="status_events",
        db_index=False,  # status_once_per_message begins with it
    )
    status = models.CharField(max_length=16, choices=Status.choices)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    cause = models.CharField(
        max_length=CAUSE_LENGTH,
        choices=Cause.choices,
        blank=True,
        help_text="Why it came to an end.",
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    is_reported = models.BooleanField(
        help_text="Smartico is told; a lower rung learnt late is not."
    )
    is_machine = models.BooleanField(
        default=False, help_text="Probably a scanner opened or clicked, and no person."
    )
    is_our_own = models.BooleanField(
        default=False, help_text="The house says so itself, and not a provider."
    )

    objects = StatusEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "status", "is_machine"], name="status_once_per_message"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of message {self.message_id}"


class Stage(models.TextChoices):
    """What is done when a message has grown so old: it misses its receipt, and then is pruned."""

    RECEIPT = "receipt", "Receipt"
    BODIES = "bodies", "Bodies"
    EVENTS = "events", "Details"
    TOMBSTONES = "tombstones", "Tombstones"


class WalkMark(models.Model):
    """How far a walk over the messages of a channel has come: the id of the last one."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    stage = models.CharField(max_length=10, choices=Stage.choices)
    reached = models.UUIDField(default=BEFORE_ALL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "channel", "stage"], name="walk_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of {self.channel} in label {self.label_id}"


class LeftBehind(models.Model):
    """A message that it was too early for when its turn came: it was open, or a status of it was
    still owed. It is looked at again."""

    message = models.ForeignKey("Message", on_delete=models.CASCADE, db_index=False)
    stage = models.CharField(max_length=10, choices=Stage.choices)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "left behind"
        constraints = [
            models.UniqueConstraint(fields=["message", "stage"], name="left_behind_once"),
        ]
        indexes = [models.Index(fields=["stage", "due_at"], name="left_behind_due")]

    def __str__(self) -> str:
        return f"{self.stage} of message {self.message_id}"


class DeliveredPart(models.Model):
    """One part of a message that left in several, whose arrival was reported.

    `provider_id` tells the parts of one try from those of another.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "provider_id", "number"], name="delivered_part_once"
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of message {self.message_id}"


class Wait(models.TextChoices):
    """Why a report stands in the inbox."""

    ITS_TIME = "its_time", "Not yet due"
    ITS_MESSAGE = "its_message", "Message not known yet"
    A_MAPPING = "a_mapping", "Unknown status word"
    A_READER = "a_reader", "Could not be read"


NOT_UNDERSTOOD = (Wait.A_MAPPING, Wait.A_READER)
"""What a person has to look at; the rest settles by itself."""


class WordMapping(models.Model):
    """What a provider's status word means, as a person has said. No status: such reports are
    dropped."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    provider = models.CharField(max_length=64)
    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="Left empty, it holds for all gateways of the provider in the label.",
    )
    word = models.CharField(
        max_length=WORD_LENGTH, help_text="As the provider says it. Case and spaces do not matter."
    )
    status = models.CharField(
        "means",
        max_length=16,
        choices=[("", "Nothing: drop such reports"), *Status.choices],
        blank=True,
        help_text="Smartico is told this status.",
    )
    times_ignored = models.PositiveBigIntegerField("reports dropped", default=0, editable=False)

    class Meta:
        verbose_name = "status word"
        constraints = [
            models.UniqueConstraint(
                fields=["label", "provider", "word"],
                name="word_once_per_provider",
                condition=Q(gateway__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["gateway", "word"],
                name="word_once_per_gateway",
                condition=Q(gateway__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word} of {self.provider}"


class InboxEntry(models.Model):
    """A provider's report that could not be applied at once: early, unmatched or not understood."""

    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.CASCADE,
        db_index=False,  # inbox_entry_once begins with it
    )
    waits_for = models.CharField(max_length=16, choices=Wait.choices)
    message_id = models.UUIDField(null=True)
    provider_id = SealedTextField(
        null=True,
        bound_to=("gateway_id", "meaning"),
        help_text="As it was told: whoever reports may call an address one.",
    )
    provider_id_digest = models.CharField(max_length=64, blank=True)
    address_index = models.CharField(
        max_length=64, blank=True, help_text="Blind index of the address that the report names."
    )
    is_machine = models.BooleanField(null=True)
    is_permanent = models.BooleanField(
        default=False, help_text="The address itself is at fault: it is suppressed."
    )
    part = models.PositiveSmallIntegerField(default=0)
    parts = models.PositiveSmallIntegerField(
        default=1, help_text="Of how many parts the report is about one."
    )
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    word = models.CharField(max_length=WORD_LENGTH, blank=True)
    word_key = models.CharField(
        max_length=WORD_LENGTH, blank=True, help_text="The word as it is compared."
    )
    mapping = models.ForeignKey(
        WordMapping,
        # A mapping may go while a webhook writes an entry with it: neither fails, and the drain
        # asks again what the word means.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        help_text="What gave the report its status.",
    )
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    kept = SealedJSONField(
        null=True,
        bound_to=("gateway_id", "meaning"),
        help_text="What could not be read, scrubbed.",
    )
    meaning = models.CharField(max_length=64, help_text="Digest; the same report stands here once.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "inbox entries"
        constraints = [
            models.UniqueConstraint(fields=["gateway", "meaning"], name="inbox_entry_once"),
        ]
        indexes = [
            models.Index(fields=["gateway", "received_at"], name="inbox_by_age"),
            models.Index(fields=["due_at"], name="inbox_due", condition=Q(applied_at__isnull=True)),
            models.Index(
                fields=["gateway", "provider_id_digest"],
                name="inbox_by_provider_id",
                condition=Q(applied_at__isnull=True),
            ),
            models.Index(
                fields=["gateway", "word_key"],
                name="inbox_not_understood",
                condition=Q(applied_at__isnull=True, waits_for__in=NOT_UNDERSTOOD),
            ),
            models.Index(
                fields=["mapping"], name="inbox_mapped", condition=Q(mapping__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"inbox entry {self.pk}"


class RelayKind(models.TextChoices):
    """What a provider is told beside messages."""

    EVENT = "event", "Event"
    ORDER = "order", "Order"
    OPT_OUT = "opt_out", "Opt-out"
    OPT_IN = "opt_in", "Opt-in"
    CONTACT = "contact", "Contact"


class RelayOutcome(models.TextChoices):
    """How a relay ended."""

    TAKEN = "taken", "Taken"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Out of tries"
    UNKNOWN = "unknown", "Outcome unknown"
    NOT_NEEDED = "not_needed", "Not needed any more"


NOT_TAKEN = (RelayOutcome.REJECTED, RelayOutcome.FAILED, RelayOutcome.UNKNOWN)
"""What a person may have told again."""


class RelayListener(models.TextChoices):
    """Who is told it. Only a provider has a gateway."""

    PROVIDER = "provider", "The provider"
    PLATFORM = "platform", "The platform"
    SMARTICO = "smartico", "Smartico"


class Relay(models.Model):
    """Something that a gateway's provider, the platform or Smartico is to be told beside messages.

    It holds no address: that is looked up when it leaves. (An opt-out of an address that is no
    user's holds it sealed until a provider has it.)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    listener = models.CharField(
        max_length=8, choices=RelayListener.choices, default=RelayListener.PROVIDER
    )
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, null=True, db_index=False)
    kind = models.CharField(max_length=8, choices=RelayKind.choices)
    end_user = models.ForeignKey(EndUser, on_delete=models.SET_NULL, null=True)
    subject = models.CharField(
        max_length=64, blank=True, help_text="Whose relays leave one after the other; a digest."
    )
    repeat_key = models.CharField(
        max_length=64, null=True, help_text="What came before with the same key is the same relay."
    )
    fingerprint = models.CharField(max_length=64, blank=True)
    address = SealedTextField(null=True)
    payload = SealedJSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    outcome = models.CharField(max_length=12, choices=RelayOutcome.choices, blank=True)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "kind", "repeat_key"], name="relay_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(listener=RelayListener.PROVIDER, gateway__isnull=False)
                | (~Q(listener=RelayListener.PROVIDER) & Q(gateway__isnull=True)),
                name="relay_to_a_gateway_or_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["gateway", "kind", "due_at"],
                name="relay_due",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(
                fields=["due_at"],
                name="relay_leased",
                condition=Q(settled_at__isnull=True, lease__isnull=False),
            ),
            models.Index(fields=["gateway", "subject", "id"], name="relay_of_subject"),
            models.Index(
                fields=["label", "listener", "kind", "due_at"],
                name="relay_of_label_due",
                condition=Q(settled_at__isnull=True, gateway__isnull=True),
            ),
            models.Index(
                fields=["label", "listener", "subject", "id"],
                name="relay_of_label_subject",
                condition=Q(gateway__isnull=True),
            ),
            models.Index(
                fields=["created_at"],
                name="relay_waiting",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(
                fields=["settled_at"],
                name="relay_settled",
                condition=Q(settled_at__isnull=False),
            ),
            models.Index(
                fields=["gateway", "settled_at"],
                name="relay_not_taken",
                condition=Q(outcome__in=NOT_TAKEN),
            ),
        ]
        permissions = [("retry_relay", "Can tell again what was not taken")]

    def __str__(self) -> str:
        return f"relay {self.pk}"


class Measure(models.TextChoices):
    """What is counted. A latency is a histogram, a refusal has an error_code: see `Tally.part`."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ACCEPT_LATENCY = "accept_latency"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    FAILED = "failed"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    TRY_TAKEN = "try_taken"
    TRY_REJECTED = "try_rejected"
    TRY_BROKEN = "try_broken"
    TRY_UNKNOWN = "try_unknown"
    ENDED_HERE = "ended_here"
    SEND_LATENCY = "send_latency"
    CALLBACK_FAILED = "callback_failed"
    CALLBACK_LATENCY = "callback_latency"


class Span(models.IntegerChoices):
    """How long a time one tally stands for, in seconds."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400


class Tally(models.Model):
    """How often something happened in one minute, hour or day. The dashboard reads nothing else of
    the past. No foreign keys: a count outlives what it counted, and nothing looks them up."""

    span = models.PositiveIntegerField(choices=Span.choices)
    start = models.DateTimeField()
    label_id = models.BigIntegerField(default=0, help_text="0 where no label is known.")
    channel = models.CharField(max_length=16, blank=True)
    gateway_id = models.BigIntegerField(default=0, help_text="0 where no gateway is meant.")
    measure = models.CharField(max_length=24, choices=Measure.choices)
    part = models.PositiveSmallIntegerField(
        default=0, help_text="Of a latency the histogram's bin, of a refusal the error_code."
    )
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["start", "span", "measure", "label_id", "channel", "gateway_id", "part"],
                name="tally_once",
            ),
        ]
        indexes = [
            models.Index(fields=["span", "start"], name="tally_by_span"),
            models.Index(
                fields=["span", "start"],
                name="tally_not_kept_by_hour",
                condition=~Q(measure=Measure.ACCEPTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.measure} at {self.start:%Y-%m-%d %H:%M}"


class Counted(models.Model):
    """Until when a family of tallies is final; what came later is counted again."""

    family = models.CharField(max_length=24, primary_key=True)
    until = models.DateTimeField()
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "counted"

    def __str__(self) -> str:
        return f"{self.family} until {self.until:%Y-%m-%d %H:%M}"


class Strike(models.Model):
    """The blast guard has held a gateway for something that it did in that hour. It does so once:
    who releases the gateway has seen it. Nothing is learnt from the hours until then."""

    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, db_index=False)
    hour = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    released_at = models.DateTimeField(
        null=True, help_text="When the gateway was seen to be released. None: it is held."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "hour", "kind"], name="strike_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of gateway {self.gateway_id} at {self.hour:%Y-%m-%d %H:%M}"
