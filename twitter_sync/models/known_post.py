"""The public tree as far as we have seen it: what answers what, and who said it.

Placing a post needs its ancestors, and most of them are nobody's message: other people's posts and
the brand's own broadcasts. They are kept here, once for the installation, as context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from inbox.models import Thread

if TYPE_CHECKING:
    from collections.abc import Iterable


# Whatever is one post with these, through any number of changes, in both directions.
FORMS = """
WITH RECURSIVE forms AS (
    SELECT unnest(%s::text[]) AS post_id
    UNION
    SELECT near.post_id FROM forms CROSS JOIN LATERAL (
        SELECT jsonb_array_elements_text(known.earlier_ids) AS post_id
        FROM twitter_sync_knownpost known WHERE known.post_id = forms.post_id
        UNION ALL
        SELECT known.post_id FROM twitter_sync_knownpost known
        WHERE known.earlier_ids ? forms.post_id AND known.earlier_ids <> '[]'
    ) AS near
)
SELECT post_id FROM forms
"""


class KnownPostQuerySet(models.QuerySet["KnownPost"]):
    def seen(self) -> KnownPostQuerySet:
        return self.filter(availability=KnownPost.Availability.SEEN)

    def locked(self, post_ids: Iterable[str]) -> list[KnownPost]:
        """The rows as they are now, held until the transaction ends; always in the same order."""
        return list(self.filter(pk__in=list(post_ids)).order_by("pk").select_for_update())

    def forms_of(self, post_ids: Iterable[str]) -> set[str]:
        """The ids of these posts, and all that they had before they were changed and have since, as
        far as is known."""
        asked = list(post_ids)
        if not asked:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(FORMS, [asked])
            return {post_id for (post_id,) in cursor}

    def to_look_up(self) -> KnownPostQuerySet:
        return self.filter(look_up_at__isnull=False)

    def due(self) -> KnownPostQuerySet:
        return self.filter(look_up_at__lte=Now())

    def nobodys(self) -> KnownPostQuerySet:
        """In X conversations in which no brand of ours talks."""
        held = Thread.objects.filter(
            kind=Thread.Kind.PUBLIC, x_conversation_id=models.OuterRef("x_conversation_id")
        )
        return self.filter(~models.Exists(held))


class KnownPost(models.Model):
    """`post_id` is X's. A row may be no more than an id that another post answers.

    `look_up_at` is when X is to be asked for it, null when it need not be; `hops` is how many
    answers above the post that made us ask it stands. The text of a protected author and of a
    deleted post is not kept.
    """

    class Availability(models.TextChoices):
        UNSEEN = "unseen", "Only heard of"
        SEEN = "seen", "Seen"
        UNAVAILABLE = "unavailable", "Not to be had"
        DELETED = "deleted", "Deleted on X"

    post_id = models.CharField(max_length=20, primary_key=True)
    availability = models.CharField(
        max_length=11, choices=Availability, default=Availability.UNSEEN
    )
    author_id = models.CharField(max_length=20, blank=True)
    author_handle = models.CharField(max_length=50, blank=True)
    author_name = models.CharField(max_length=200, blank=True)
    parent_id = models.CharField(max_length=20, blank=True)
    answers_user_id = models.CharField(max_length=20, blank=True)
    x_conversation_id = models.CharField(max_length=20, blank=True)
    quoted_id = models.CharField(max_length=20, blank=True, default="", db_default="")
    # Ids that the post had before its author changed it, oldest first.
    earlier_ids = models.JSONField(default=list, blank=True, db_default=[])
    is_repost = models.BooleanField(default=False)
    is_protected = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    entities = models.JSONField(default=dict, blank=True)
    media = models.JSONField(default=list, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    hops = models.PositiveSmallIntegerField(default=0)
    look_up_at = models.DateTimeField(null=True, blank=True)
    look_up_attempts = models.PositiveSmallIntegerField(default=0)

    objects = KnownPostQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("look_up_at", name="known_look_up", condition=Q(look_up_at__isnull=False)),
            models.Index("x_conversation_id", "author_id", name="known_of_conversation"),
            GinIndex("earlier_ids", name="known_former", condition=~Q(earlier_ids=[])),
        ]

    def __str__(self) -> str:
        return f"Post {self.post_id}"

    @property
    def is_seen(self) -> bool:
        return self.availability == self.Availability.SEEN

    @property
    def may_be_message(self) -> bool:
        """Words that anyone may read, of the author's own."""
        return self.is_seen and not self.is_repost and not self.is_protected

    @property
    def is_settled(self) -> bool:
        """Asking X would teach us nothing more."""
        if self.is_seen and not self.x_conversation_id:
            return self.look_up_attempts > 0 and self.look_up_at is None
        return self.availability != self.Availability.UNSEEN

    @property
    def is_deleted(self) -> bool:
        return self.availability == self.Availability.DELETED
