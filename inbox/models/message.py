"""One utterance, from the customer or from us."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from accounts import clock
from accounts.models import User
from inbox.models.words import MESSAGE_WORDS
from inbox.text.render import as_read

# Not a part of a chain (`inbox.models.chain`) of which X has not accepted the one before.
FREE_TO_GO = Q(part__before=None) | Q(part__before__state="sent")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))

    def incoming(self) -> MessageQuerySet:
        return self.filter(direction=Message.Direction.IN)

    def not_given_up(self) -> MessageQuerySet:
        """Without ours that X refused or that were taken back."""
        return self.exclude(state__in=[Message.State.FAILED, Message.State.CANCELLED])

    def undelivered(self) -> MessageQuerySet:
        """Ours that X refused or did not confirm, and that nobody has given up."""
        return self.filter(state__in=[Message.State.FAILED, Message.State.UNCERTAIN])

    def under_way(self) -> MessageQuerySet:
        """Ours of which X may yet tell that it has them: sent and not confirmed, whatever became of
        them since. Given up, or queued again and waiting, or refused the second time."""
        states = Message.State
        doubted = Q(
            state__in=[states.QUEUED, states.CANCELLED, states.FAILED],
            uncertain_since__isnull=False,
        )
        sent = Q(state__in=[states.SENDING, states.UNCERTAIN])
        return self.filter(doubted | sent, external_id=None)

    def known_as(self, external_id: str) -> MessageQuerySet:
        """Those that have the id, or had it before their author changed them."""
        return self.filter(Q(external_id=external_id) | Q(revisions__external_id=external_id))

    def in_order(self) -> MessageQuerySet:
        return self.order_by("sequence", "id")


class Message(models.Model):
    """`text` is X's form (`&`, `<`, `>` escaped) and `entities` count its code points: render
    first, unescape after (`inbox.text.render`). `sequence` orders by X's ids, never by arrival.
    `sent_at` is X's clock, `received_at` ours.
    """

    class Direction(models.TextChoices):
        IN = "in", "Incoming"
        OUT = "out", "Outgoing"

    class Kind(models.TextChoices):
        DM = "dm", "Direct message"
        PUBLIC = "public", "Public post"

    class Transport(models.TextChoices):
        DM = "dm", "Direct message"
        XCHAT = "xchat", "Encrypted on X"
        POST = "post", "Post"

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        UNCERTAIN = "uncertain", "X did not confirm"
        CANCELLED = "cancelled", "Cancelled"

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="messages"
    )
    thread = models.ForeignKey("inbox.Thread", on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=6, choices=Kind)
    transport = models.CharField(max_length=5, choices=Transport)
    direction = models.CharField(max_length=3, choices=Direction)
    state = models.CharField(max_length=9, choices=State, default=State.RECEIVED)

    external_id = models.CharField(max_length=60, null=True, blank=True)
    answers_external_id = models.CharField(max_length=60, null=True, blank=True)
    sequence = models.BigIntegerField()
    text = models.TextField(blank=True)
    entities = models.JSONField(default=dict, blank=True)
    payload = models.JSONField(null=True, blank=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    # Ours only.
    author = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    client_key = models.UUIDField(null=True, blank=True, unique=True)
    # By which what was typed is known again (`inbox.text.typed`); of a chain, the first has it.
    typed = models.CharField(max_length=80, blank=True, db_default="")
    not_before = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    uncertain_since = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "kind", "external_id"], name="message_once_per_brand"
            ),
            models.CheckConstraint(
                name="message_incoming_was_received",
                condition=Q(direction="out") | Q(state="received", external_id__isnull=False),
            ),
            models.CheckConstraint(
                name="message_sent_has_external_id",
                condition=~Q(state="sent") | Q(external_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index("conversation", F("sequence").desc(), F("id").desc(), name="msg_order"),
            models.Index("thread", F("sequence").desc(), name="msg_of_thread"),
            # Search: rare words by the first, common ones by going back in the second.
            GinIndex(MESSAGE_WORDS, name="msg_words", gin_pending_list_limit=1024),
            models.Index("brand", F("sequence").desc(), F("id").desc(), name="msg_of_brand"),
            models.Index(
                "not_before", "id", name="msg_outbox", condition=Q(state="queued")
            ),
            models.Index(
                "conversation", "id", name="msg_unsettled",
                condition=Q(state__in=["queued", "sending", "uncertain"]),
            ),
            models.Index(
                "conversation", "state",
                name="msg_undelivered", condition=Q(state__in=["failed", "uncertain"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id or self.pk}"

    @property
    def is_ours(self) -> bool:
        return self.direction == self.Direction.OUT

    @property
    def was_sent_in_x(self) -> bool:
        """Ours, but written in X itself and not here."""
        return self.is_ours and self.client_key is None

    @property
    def seconds_to_undo(self) -> float:
        """How long it waits for second thoughts; 0 when it is on its way, or held up by X."""
        if self.state != self.State.QUEUED or self.failure or self.not_before is None:
            return 0
        return max(0.0, (self.not_before - clock.now()).total_seconds())

    @property
    def plain_text(self) -> str:
        return as_read(self.text, self.entities)
