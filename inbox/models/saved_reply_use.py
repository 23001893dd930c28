"""That a message was begun with a saved reply: what the report of invitations tells apart."""

from __future__ import annotations

from django.db import models


class SavedReplyUse(models.Model):
    """`shortcut` is what the saved reply was called then: it may be changed or gone by now."""

    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, primary_key=True, related_name="saved_reply_use"
    )
    saved_reply = models.ForeignKey(
        "inbox.SavedReply", null=True, on_delete=models.SET_NULL, related_name="uses"
    )
    shortcut = models.CharField(max_length=30)

    def __str__(self) -> str:
        return f"/{self.shortcut} in message {self.message_id}"
