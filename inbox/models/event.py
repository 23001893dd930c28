"""A line of a conversation's history: who did what, when, before and after."""

from __future__ import annotations

from django.db import models

from accounts import clock
from accounts.models import User


class ConversationEventQuerySet(models.QuerySet["ConversationEvent"]):
    def visible_to(self, user: User) -> ConversationEventQuerySet:
        return self.filter(conversation__brand__in=user.memberships.values("brand"))


class ConversationEvent(models.Model):
    """`actor` is null for what happened by itself: a message came, a snooze ended."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        REOPENED = "reopened", "Reopened"
        ASSIGNED = "assigned", "Assigned"
        UNASSIGNED = "unassigned", "Unassigned"
        WAITING = "waiting", "Waiting"
        SNOOZED = "snoozed", "Snoozed"
        WOKEN = "woken", "Woken"
        RESOLVED = "resolved", "Resolved"
        NOTED = "noted", "Noted"
        REPLIED = "replied", "Replied"
        SENT = "sent", "Sent"
        SEND_FAILED = "send_failed", "Not sent"
        SEND_UNCERTAIN = "send_uncertain", "X did not confirm"
        RETRIED = "retried", "Retried"
        CANCELLED = "cancelled", "Cancelled"
        REWORDED = "reworded", "Changed before it was sent"
        MESSAGE_DELETED = "message_deleted", "Deleted on X"
        MARKED_SPAM = "marked_spam", "Marked as spam"
        UNMARKED_SPAM = "unmarked_spam", "Not spam"
        BLOCKED = "blocked", "Blocked for DMs"
        UNBLOCKED = "unblocked", "Unblocked for DMs"
        BLOCK_REFUSED = "block_refused", "X refused a block"
        HIDDEN = "hidden", "Hidden on X"
        UNHIDDEN = "unhidden", "Shown again on X"
        HIDE_REFUSED = "hide_refused", "X refused to hide"
        DELETED = "deleted", "Deleted by us"
        DELETE_REFUSED = "delete_refused", "X refused to delete"
        OPTED_OUT = "opted_out", "Asked not to be written to"
        OVERRULED = "overruled", "Sent despite a warning"
        INVITED = "invited", "Invited to DM"
        ARRIVED = "arrived", "Came by the invitation"
        CLOSED_IN_PUBLIC = "closed_in_public", "Closed in public"
        MERGED = "merged", "Merged"
        UNMERGED = "unmerged", "Merge undone"
        SPLIT = "split", "Split"
        LINKED = "linked", "Linked"
        UNLINKED = "unlinked", "Link undone"

    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="events"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    actor = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    message = models.ForeignKey(
        "inbox.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = ConversationEventQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index("conversation", "created_at", "id", name="event_of_conversation")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.conversation_id}"
