"""Tokens at rest and their renewal. The only file that sees both a row and its plain tokens.

Stored as `v1:` and Fernet ciphertext under the keys of HANDLED_TOKEN_KEYS, newest first
(reference: trust T6). X's refresh tokens are good once and reuse may end the whole consent, so one
worker renews while the others wait for its lock and then take what it got (trust R10). The row
stays free while X is asked: whoever disconnects the handle or has it checked waits for nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from accounts import clock
from accounts.actions import brands
from accounts.actions.letters import write_to_admins
from accounts.models import BrandAccount, BrandEvent, Letter
from twitter_sync import oauth
from twitter_sync.errors import UNHEARD, NotConnected, NotSent, TokenRejected, XError
from twitter_sync.models import Connection
from twitter_sync.oauth import TokenPair

VERSION = "v1:"
RENEW_BEFORE = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class UnreadableToken(NotSent):
    """No key of HANDLED_TOKEN_KEYS opens what is stored: no call was made with it."""

    default_reason = (
        "A stored token can't be decrypted. Put the key it was written with back into "
        "HANDLED_TOKEN_KEYS, or reconnect the handle."
    )


def encrypt(token: str) -> str:
    return VERSION + _keys().encrypt(token.encode()).decode()


def decrypt(stored: str) -> str:
    try:
        if not stored.startswith(VERSION):
            raise InvalidToken
        return _keys().decrypt(stored.removeprefix(VERSION).encode()).decode()
    except InvalidToken:
        raise UnreadableToken(problem="no key of HANDLED_TOKEN_KEYS opens it") from None


def try_keys() -> None:
    """Raises UnreadableToken when what is encrypted now could not be opened again."""
    try:
        works = decrypt(encrypt("canary")) == "canary"
    except ValueError:
        works = False
    if not works:
        raise UnreadableToken(problem="no usable key")


def opens(held: Connection) -> bool:
    """Some key of HANDLED_TOKEN_KEYS opens its tokens."""
    try:
        decrypt(held.access_token)
        decrypt(held.refresh_token)
    except UnreadableToken:
        return False
    return True


@transaction.atomic
def encrypt_again(connection_id: int) -> None:
    """Writes a pair under the newest key. Raises UnreadableToken when no key opens it."""
    wait_for_renewal(connection_id)
    for held in Connection.objects.select_for_update().filter(pk=connection_id):
        held.access_token = encrypt(decrypt(held.access_token))
        held.refresh_token = encrypt(decrypt(held.refresh_token))
        held.save(update_fields=["access_token", "refresh_token"])


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def columns(pair: TokenPair) -> dict[str, object]:
    """What a Connection row keeps of a pair."""
    return {
        "access_token": encrypt(pair.access_token),
        "refresh_token": encrypt(pair.refresh_token),
        "expires_at": pair.expires_at,
        "scopes": pair.scopes,
    }


def usable_access_token(brand: BrandAccount) -> str:
    """The brand's token, renewed first when it has less than ten minutes left.

    Raises NotConnected, UnreadableToken, TokenRejected, and one of UNHEARD when X doesn't renew it
    now and the one we hold has run out.
    """
    held = Connection.objects.select_related("brand").filter(brand=brand).first()
    if held is None or not is_usable(held.brand):
        raise NotConnected
    if held.expires_at - clock.now() > RENEW_BEFORE:
        return decrypt(held.access_token)
    try:
        return decrypt(refresh(held).access_token)
    except UNHEARD:
        if held.expires_at <= clock.now():
            raise
        return decrypt(held.access_token)


def renewed(brand: BrandAccount, *, rejected: str) -> str:
    """Another access token than the one that X has just rejected.

    Raises TokenRejected, and NotConnected when the handle was disconnected meanwhile.
    """
    held = Connection.objects.filter(brand=brand).first()
    if held is None:
        raise NotConnected
    return decrypt(refresh(held, rejected=rejected).access_token)


def is_usable(brand: BrandAccount) -> bool:
    """Calls with the brand's token make sense: it was not rejected or given up."""
    return brand.status in BrandAccount.LISTENING


def refresh(connection: Connection, *, rejected: str = "") -> Connection:
    """Renew the pair, once, however many ask: the row with the pair, committed.

    `rejected` is an access token that X refused though it looked fresh. Raises TokenRejected, with
    the brand marked as needing a reconnect, when X takes the refresh token no more, and
    NotConnected when the tokens were destroyed meanwhile.
    """
    try:
        with transaction.atomic():
            wait_for_renewal(connection.pk)
            held = Connection.objects.filter(pk=connection.pk).first()
            if held is None:
                raise NotConnected
            if not _is_stale(held, rejected):
                return held
            return _replaced(held, oauth.refresh(decrypt(held.refresh_token)))
    except TokenRejected:
        if held is not None and _as_read(held).exists():
            mark_for_reconnect(connection.brand_id)
        raise


def wait_for_renewal(connection_id: int) -> None:
    """One at a time deals with a pair; ours until the transaction ends."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('twitter_sync.renewal'), %s)",
            [connection_id % 2**31],
        )


def _replaced(held: Connection, pair: TokenPair) -> Connection:
    """The row with `pair`, or with what a new consent gave it meanwhile. Raises NotConnected for
    one that was destroyed: then X is given back what it gave."""
    _as_read(held).update(**columns(pair), renewed_at=clock.now())
    current = Connection.objects.filter(pk=held.pk).first()
    if current is None:
        _give_back(pair, held.brand_id)
        raise NotConnected
    return current


def _as_read(held: Connection) -> QuerySet[Connection]:
    return Connection.objects.filter(pk=held.pk, refresh_token=held.refresh_token)


def _give_back(pair: TokenPair, brand_id: int) -> None:
    try:
        oauth.revoke(pair.refresh_token)
        oauth.revoke(pair.access_token)
    except XError as error:
        log.warning("tokens not revoked", brand=brand_id, error=str(error))


def _is_stale(held: Connection, rejected: str) -> bool:
    if rejected:
        return decrypt(held.access_token) == rejected
    return held.expires_at - clock.now() <= RENEW_BEFORE


def mark_for_reconnect(brand_id: int, *, told_at: datetime | None = None) -> None:
    """Stops every call of the brand until an admin connects it again, and tells its admins by mail,
    once. The outbox is kept.

    What X told us at `told_at` is over when the handle was connected again after that.
    """
    with transaction.atomic():
        brand = BrandAccount.objects.listening().select_for_update().filter(pk=brand_id).first()
        if brand is not None and not _was_connected_after(brand, told_at):
            brand.status = BrandAccount.Status.NEEDS_RECONNECT
            brand.save(update_fields=["status"])
            brands.record(brand, BrandEvent.Kind.TAKEN_BACK, by=None)
            write_to_admins(Letter.Kind.RECONNECT, of=brand)


def _was_connected_after(brand: BrandAccount, moment: datetime | None) -> bool:
    """Asked with the brand's row locked, which whoever connects it locks too."""
    if moment is None:
        return False
    return Connection.objects.filter(brand=brand, connected_at__gt=moment).exists()
