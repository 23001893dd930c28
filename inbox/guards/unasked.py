"""Nobody is written to in private who did not ask for it, and nobody is sold to or pestered there.

X takes the right to write away from handles that send what nobody wanted (trust P6).
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from accounts import clock
from accounts.models import BrandAccount, Role
from inbox.guards.candidate import Candidate, Stopped
from inbox.models import Handoff, Message
from inbox.models.handoff import OUT_THERE
from inbox.models.message import MessageQuerySet
from inbox.reach import SILENT, is_left_alone
from inbox.sequence import sequence_at
from inbox.text.links import PROTOCOL, find_links
from inbox.text.plain import escaped
from inbox.text.sameness import nearly_same, words_said
from inbox.text.selling import find_selling

QUIET_AFTER = timedelta(hours=24)
MOST_ALIKE, MOST_READ = 5, 500


class AskedToStop(Stopped):
    """They said so, and have not written since."""

    guard = "opt_out"

    def __init__(self) -> None:
        super().__init__(SILENT)


class Unasked(Stopped):
    guard = "unasked"
    overruled_by = Role.MANAGER

    def __init__(self) -> None:
        super().__init__(
            "This person has neither written privately nor been invited to. Invite them in public."
        )


class Unwanted(Stopped):
    """To somebody who has not written for a day."""

    guard = "unwanted"
    overruled_by = Role.MANAGER

    def __init__(self, what: str) -> None:
        super().__init__(f"They have not written for a day: {what}")


def stop_unasked(candidate: Candidate) -> None:
    """Raises AskedToStop, Unasked, Unwanted. What is public is for everybody."""
    if candidate.thread.is_public:
        return
    theirs = of_person(candidate).incoming()
    last = theirs.order_by("-sequence").first()
    if is_left_alone(candidate.conversation):
        raise AskedToStop
    if not theirs.filter(kind=Message.Kind.DM).exists() and not is_invited(candidate):
        raise Unasked
    now = clock.now()
    if last is None or last.sent_at < now - QUIET_AFTER:
        stop_unwanted(candidate, since=sequence_at(now - QUIET_AFTER))


def of_person(candidate: Candidate) -> MessageQuerySet:
    return Message.objects.filter(
        conversation__brand=candidate.conversation.brand_id,
        conversation__contact=candidate.conversation.contact_id,
    )


def is_invited(candidate: Candidate) -> bool:
    conversation = candidate.conversation
    return Handoff.objects.filter(
        conversation__brand=conversation.brand_id,
        conversation__contact=conversation.contact_id,
        invitation__state__in=OUT_THERE,
    ).exists()


def stop_unwanted(candidate: Candidate, *, since: int) -> None:
    brand = candidate.conversation.brand
    if sold := find_selling(candidate.words, brand.marketing_phrases):
        raise Unwanted(f"“{sold}” would be advertising. Leave it out.")
    if host := foreign_host(candidate.words, brand):
        raise Unwanted(f"links to {host} are not on the handle’s list. Leave it out.")
    said = candidate.said_by_us().filter(sequence__gte=since)
    to_them = said.filter(conversation__contact=candidate.conversation.contact_id)
    if to_them.count() >= brand.dm_daily_cap:
        raise Unwanted(f"{brand.dm_daily_cap} messages in a day are enough. Wait for their answer.")
    others = said.exclude(conversation__contact=candidate.conversation.contact_id)
    if candidate.words and alike(candidate.words, others) >= MOST_ALIKE:
        raise Unwanted("the same words went to several others today. Write to this person.")


def foreign_host(words: str, brand: BrandAccount) -> str:
    """The first place that the words lead to and the handle's list does not name; "" if none."""
    for start, end in find_links(words):
        link = words[start:end]
        host = urlsplit(link if "://" in link else PROTOCOL + link).hostname or link
        if not any(host == own or host.endswith(f".{own}") for own in brand.link_hosts):
            return host
    return ""


def alike(words: str, messages: MessageQuerySet) -> int:
    """To how many people nearly the same was written: but for names, numbers and links."""
    wanted = words_said(escaped(words), {})
    told = messages.order_by("-sequence").values_list("conversation__contact", "text", "entities")
    return len({who for who, *said in told[:MOST_READ] if nearly_same(wanted, words_said(*said))})
