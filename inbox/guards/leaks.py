"""Nothing that gives a customer away is posted where everyone reads it."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import BrandAccount, Role
from inbox.guards.candidate import Candidate, Stopped
from inbox.models import Message
from inbox.text.personal import Found, Kind, apart, find_personal
from inbox.text.repeated import comparable, find_repeated

# What is compared with a post: the newest that the customer wrote, up to so many letters.
MOST_MESSAGES, MOST_LETTERS = 500, 100_000


class WouldLeak(Stopped):
    """`found` says where in `words` what stands that nobody else should read."""

    guard = "leak"
    overruled_by = Role.MANAGER

    def __init__(self, words: str, found: list[Found]) -> None:
        self.words, self.found = words, found
        super().__init__(
            f"Everyone would read {listed(self.kinds)}. Take it out, or write it privately."
        )

    @property
    def marked(self) -> list[tuple[str, bool]]:
        pieces, place = [], 0
        for one in self.found:
            pieces.append((self.words[place : one.start], False))
            pieces.append((self.words[one.start : one.end], True))
            place = one.end
        return [*pieces, (self.words[place:], False)]

    @property
    def kinds(self) -> list[Kind]:
        return list(dict.fromkeys(one.kind for one in self.found))

    def recorded(self) -> dict[str, str]:
        return {"held": listed(self.kinds)}


def stop_leaks(candidate: Candidate) -> None:
    """Raises WouldLeak for personal data, and for what only the customer's private messages say."""
    brand = candidate.conversation.brand
    if not candidate.thread.is_public or not brand.stops_leaks:
        return
    found = [
        one
        for one in [*find_personal(candidate.published), *repeated(candidate)]
        if not is_our_own(candidate.published[one.start : one.end], brand)
    ]
    if found:
        raise WouldLeak(candidate.published, apart(found))


def repeated(candidate: Candidate) -> list[Found]:
    theirs = Message.objects.incoming().filter(
        conversation__contact=candidate.conversation.contact_id,
        conversation__brand=candidate.conversation.brand_id,
    )
    private = texts(theirs.filter(kind=Message.Kind.DM).order_by("-sequence")[:MOST_MESSAGES])
    if not private:
        return []
    public = theirs.filter(kind=Message.Kind.PUBLIC).order_by("-sequence")[:MOST_MESSAGES]
    return find_repeated(candidate.published, private, texts(public))


def texts(messages: Iterable[Message]) -> list[str]:
    kept: list[str] = []
    left = MOST_LETTERS
    for message in messages:
        kept.append(message.plain_text[:left])
        left -= len(kept[-1])
        if left <= 0:
            break
    return kept


def is_our_own(text: str, brand: BrandAccount) -> bool:
    """The brand's own address or number, which its settings let be said in public."""
    return bare(text) in {bare(own) for own in brand.public_details}


def bare(text: str) -> str:
    return "".join(letter for letter in comparable(text) if letter.isalnum() or letter in "@+")


def listed(kinds: list[Kind]) -> str:
    *others, last = kinds
    return f"{', '.join(others)} and {last}" if others else last.value
