"""Who may do what: one row for every URL of the product (trust A1).

A new URL needs a line here, or the suite fails. Read a row as: these people get these answers.

    "accounts:team-removal": Row({"pk": the("team")}, post=admins(302)),

The world has two companies alike, @acme and @globex (tests/world.py). Every request of the table is
about what @acme owns; `the("team")` is the id of @acme's team, and the suite swaps it for @globex's
to see that @acme's people get 404 and nothing changes (A2). Methods that a row does not name must
answer 405, to everybody, before anything else is looked at. GETs must change nothing, and POSTs
without a CSRF token must answer 403 (A10).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.factories import PASSWORD
from twitter_sync.billing import Kind

# disabled: an agent of @acme with a session of before. zoe, nia: agent and admin of @globex.
# ana, sam, ada: agent, manager, admin of @acme. olga: the owner, member of nothing.
CAST = ("anonymous", "disabled", "zoe", "nia", "ana", "sam", "ada", "olga")
SIGN_IN = "sign-in"  # sent to the sign-in page

Answer = int | str
Answers = dict[str, Answer]


@dataclass(frozen=True)
class The:
    """Something that a company owns; a name of tests.world.THINGS."""

    thing: str


def the(thing: str) -> The:
    return The(thing)


@dataclass(frozen=True)
class Row:
    """`ids` fill the path, `form` is posted, `query` goes behind the question mark of a GET.

    `foreign` is what @acme's people get when an id of the path is @globex's.
    `csrf` is False for addresses that programs post to and that prove themselves otherwise.
    """

    ids: dict[str, Any] = field(default_factory=dict)
    get: Answers | None = None
    post: Answers | None = None
    delete: Answers | None = None
    form: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    foreign: int = 404
    csrf: bool = True

    def methods(self) -> dict[str, Answers]:
        named = {"GET": self.get, "POST": self.post, "DELETE": self.delete}
        return {method: answers for method, answers in named.items() if answers is not None}


def everyone(answer: Answer, **but: Answer) -> Answers:
    """The same for all, signed in or not."""
    return dict.fromkeys(CAST, answer) | but


def signed_in(answer: Answer, **but: Answer) -> Answers:
    """The same for all who are signed in; others are sent to sign in."""
    return everyone(answer, anonymous=SIGN_IN, disabled=SIGN_IN) | but


def members(answer: Answer, **but: Answer) -> Answers:
    """For those who work on @acme, whatever their role. To the rest it does not exist."""
    return signed_in(404, ana=answer, sam=answer, ada=answer) | but


def admins(answer: Answer, **but: Answer) -> Answers:
    """For @acme's admin and the owner. @acme's others see it and are refused; to the rest of the
    world it does not exist."""
    return members(403, ada=answer, olga=answer) | but


def any_admin(answer: Answer, **but: Answer) -> Answers:
    """For admins of whatever brand and the owner: pages that show each what is theirs."""
    return signed_in(403, nia=answer, ada=answer, olga=answer) | but


def managers(answer: Answer, **but: Answer) -> Answers:
    """For managers and admins of whatever brand; the owner is neither."""
    return signed_in(403, nia=answer, sam=answer, ada=answer) | but


def owner(answer: Answer, **but: Answer) -> Answers:
    return signed_in(403, olga=answer) | but


NEW_PASSWORD = {"password": "seven new words to say", "again": "seven new words to say"}
PERSON = {"name": "Kim", "time_zone": "Europe/Madrid"}

ACCOUNTS = {
    "accounts:sign-in": Row(
        get=everyone(302, anonymous=200, disabled=200),
        post=everyone(422),
        form={"email": "ana@example.com", "password": "wrong"},
    ),
    "accounts:sign-out": Row(post=everyone(SIGN_IN)),
    "accounts:set-up": Row(
        {"token": the("set_up_token")},
        get=everyone(410),
        post=everyone(410),
        form={"email": "new@example.com", **PERSON, **NEW_PASSWORD},
        foreign=410,
    ),
    "accounts:forgotten-password": Row(
        get=everyone(200), post=everyone(302), form={"email": "ana@example.com"}
    ),
    "accounts:asked-password": Row(get=everyone(200)),
    "accounts:reset-password": Row(
        {"pk": the("forgetful_person"), "token": the("reset_token")},
        get=everyone(200),
        post=everyone(SIGN_IN),
        form=NEW_PASSWORD,
        foreign=410,
    ),
    "accounts:accept-invitation": Row(
        {"pk": the("invited_person"), "token": the("invitation_token")},
        get=everyone(200),
        post=everyone(302),
        form={**PERSON, **NEW_PASSWORD},
        foreign=410,
    ),
    "accounts:profile": Row(get=signed_in(200), post=signed_in(302), form=PERSON),
    "accounts:profile-password": Row(
        post=signed_in(302), form={"current": PASSWORD, **NEW_PASSWORD}
    ),
    "accounts:profile-sessions": Row(post=signed_in(302)),
    "accounts:people": Row(get=any_admin(200)),
    "accounts:invite": Row(
        get=any_admin(200),
        post=any_admin(302, nia=422),
        form={"email": "x@example.com", "name": "X", "brand": the("brand"), "role": "agent"},
    ),
    "accounts:person": Row({"pk": the("person")}, get=admins(200)),
    "accounts:person-disable": Row({"pk": the("person")}, post=admins(302)),
    "accounts:person-enable": Row({"pk": the("person")}, post=admins(302)),
    "accounts:person-link": Row({"pk": the("person")}, post=admins(302)),
    "accounts:membership-add": Row(
        {"pk": the("person")},
        post=admins(302, ada=422),  # the only handle of Ada's is the one the person works on
        form={"brand": the("second_brand"), "role": "manager"},
    ),
    "accounts:membership-role": Row(
        {"pk": the("membership")}, post=admins(302), form={"role": "manager"}
    ),
    "accounts:membership-removal": Row({"pk": the("membership")}, post=admins(302)),
    "accounts:teams": Row(
        get=any_admin(200),
        post=any_admin(302, nia=422),
        form={"brand": the("brand"), "name": "Night shift"},
    ),
    "accounts:team": Row(
        {"pk": the("team")},
        get=admins(200),
        post=admins(302),
        form={"name": "Night shift", "members": the("person")},
    ),
    "accounts:team-removal": Row({"pk": the("team")}, post=admins(302)),
    # Mail is not in files here; tests/accounts/test_mailbox.py has the page itself.
    "accounts:mailbox": Row(get=signed_in(404)),
}

STATUS = {"status": "resolved", "version": the("version")}
KEYED = {"client_key": "0f8fad5b-d9cb-469f-a165-70867728950e", "text": "On it."}

INBOX = {
    "inbox:home": Row(get=signed_in(302)),
    "inbox:desk": Row(get=signed_in(200)),
    "inbox:search": Row(get=signed_in(200), query={"q": "parcel"}),
    "inbox:list": Row(get=signed_in(200)),
    "inbox:rows": Row(get=signed_in(200)),
    "inbox:changes": Row(get=signed_in(200), query={"since": "0"}),
    "inbox:conversation-detail": Row({"number": the("conversation")}, get=members(200)),
    "inbox:assignment": Row(
        {"number": the("conversation")}, post=members(200), delete=members(200)
    ),
    "inbox:status": Row({"number": the("conversation")}, post=members(200), form=STATUS),
    "inbox:spam": Row(
        {"number": the("conversation")},
        post=members(200),
        form={"spam": "yes", "version": the("version")},
    ),
    # Managers and admins turn people away; back to the person's page.
    "inbox:block": Row(
        {"number": the("conversation")}, post=members(302, ana=403), form={"blocked": "yes"}
    ),
    "inbox:merge": Row(
        {"number": the("conversation")},
        post=members(302),
        delete=members(302),
        form={"into": the("other_conversation")},
    ),
    "inbox:links": Row(
        {"number": the("conversation")},
        post=members(200),
        form={"other": the("other_conversation")},
        foreign=404,
    ),
    "inbox:linked": Row(
        {"number": the("conversation"), "other": the("other_conversation")}, delete=members(200)
    ),
    "inbox:split": Row({"pk": the("public_thread")}, post=members(302)),
    "inbox:hiding": Row({"pk": the("answer")}, post=members(200), form={"hidden": "yes"}),
    "inbox:media": Row({"key": the("media_file")}, get=members(200)),
    "inbox:attachment-retry": Row({"pk": the("refused_attachment")}, post=members(200)),
    "inbox:contact": Row({"pk": the("contact")}, get=members(200)),
    "inbox:handoffs": Row(get=managers(200)),
    "inbox:handoffs-csv": Row(get=managers(200)),
    "inbox:contact-timeline": Row({"pk": the("contact")}, get=members(200)),
    "inbox:reach": Row({"number": the("conversation")}, post=members(204)),
    "inbox:notes": Row({"number": the("conversation")}, post=members(200), form=KEYED),
    "inbox:drafts": Row(
        {"number": the("conversation")},
        get=members(200),
        post=members(200),
        form={"mode": "dm", "since": "0"} | KEYED,
    ),
    "inbox:replies": Row({"pk": the("thread")}, post=members(200), form=KEYED),
    # A form is no file that X takes.
    "inbox:enclosures": Row({"pk": the("thread")}, post=members(422)),
    "inbox:enclosure": Row(
        {"pk": the("enclosure")},
        post=members(404, ana=204),
        delete=members(404, ana=200),
        form={"alt_text": "A parcel"},
    ),
    "inbox:chain": Row({"pk": the("public_thread")}, post=members(200), form={"text": "Sorry!"}),
    "inbox:message-retry": Row({"pk": the("failed_message")}, post=members(200)),
    "inbox:message-cancel": Row({"pk": the("queued_message")}, post=members(200)),
    "inbox:saved-replies": Row(
        {"pk": the("brand")},
        get=members(200),
        post=members(403, sam=201, ada=201),
        form={"shortcut": "sorry", "text": "Sorry!", "kind": "any"},
    ),
    "inbox:saved-reply": Row(
        {"pk": the("saved_reply")},
        post=members(403, sam=200, ada=200),
        delete=members(403, sam=204, ada=204),
        form={"shortcut": "late", "text": "Sorry!", "kind": "any"},
    ),
    "inbox:saved-replies-home": Row(get=signed_in(302, olga=403)),
    "inbox:saved-replies-of": Row({"handle": the("handle")}, get=members(200)),
    "inbox:saved-reply-new": Row(
        {"handle": the("handle")},
        get=members(403, sam=200, ada=200),
        post=members(403, sam=302, ada=302),
        form={"shortcut": "sorry", "text": "Sorry!", "kind": "any"},
    ),
    "inbox:saved-reply-edit": Row(
        {"handle": the("handle"), "pk": the("saved_reply")},
        get=members(403, sam=200, ada=200),
        post=members(403, sam=302, ada=302),
        form={"shortcut": "late", "text": "Sorry!", "kind": "any"},
    ),
    "inbox:saved-reply-removal": Row(
        {"handle": the("handle"), "pk": the("saved_reply")},
        get=members(403, sam=200, ada=200),
        post=members(403, sam=302, ada=302),
    ),
    "inbox:deletion": Row({"pk": the("sent_message")}, post=members(200)),
    "inbox:message-rewording": Row(
        {"pk": the("queued_message")}, post=members(200), form={"text": "Sorry for that!"}
    ),
}

SETTINGS = {
    "time_zone": "Europe/Madrid",
    "join_hours": "72",
    "reopen_days": "7",
    "public_undo_seconds": "8",
    "dm_undo_seconds": "0",
    "dm_daily_cap": "5",
}

PRICES = {kind.value: "0.01" for kind in Kind}

TWITTER_SYNC = {
    "twitter_sync:handles": Row(get=any_admin(200)),
    "twitter_sync:connect": Row(
        get=any_admin(200), post=any_admin(302, nia=422), form={"brand": the("brand")}
    ),
    "twitter_sync:costs": Row(get=any_admin(200)),
    "twitter_sync:prices": Row(post=owner(302), form=PRICES),
    # Without a state that was begun here.
    "twitter_sync:callback": Row(get=any_admin(400)),
    "twitter_sync:checklist": Row({"handle": the("handle")}, get=admins(200)),
    "twitter_sync:check-again": Row({"handle": the("handle")}, post=admins(302)),
    "twitter_sync:health": Row({"handle": the("handle")}, get=admins(200)),
    "twitter_sync:replay": Row({"handle": the("handle")}, post=admins(302)),
    "twitter_sync:replay-nobodys": Row(post=owner(302)),
    "twitter_sync:settings": Row(
        {"handle": the("handle")}, get=admins(200), post=admins(302), form=SETTINGS
    ),
    "twitter_sync:people": Row(
        {"handle": the("handle")},
        get=admins(200),
        post=admins(302, ada=422),  # the only handle of Ada's is the one
        form={"person": the("second_person"), "role": "agent"},
    ),
    "twitter_sync:invite": Row(
        {"handle": the("handle")},
        post=admins(302),
        form={"email": "x@example.com", "name": "X", "role": "agent"},
    ),
    "twitter_sync:running": Row({"handle": the("handle")}, get=admins(200)),
    "twitter_sync:pause": Row({"handle": the("handle")}, post=admins(302)),
    "twitter_sync:resume": Row({"handle": the("handle")}, post=admins(302)),
    "twitter_sync:disconnect": Row({"handle": the("handle")}, post=admins(302)),
    "twitter_sync:erase": Row(
        {"handle": the("handle")}, post=admins(302), form={"typed": the("handle")}
    ),
    # Of a handle that is gone: for who asked for it, and the owner.
    "twitter_sync:erasure": Row({"pk": the("erasure")}, get=signed_in(404, ada=200, olga=200)),
    # Unsigned here: tests/twitter_sync has what a signature opens.
    "twitter_sync:webhook": Row(get=everyone(400), post=everyone(403), csrf=False),
}

PROBES = {
    "live": Row(get=everyone(200)),
    "ready": Row(get=everyone(200)),
    "metrics": Row(get=everyone(404)),
}

MATRIX: dict[str, Row] = {**ACCOUNTS, **INBOX, **TWITTER_SYNC, **PROBES}
