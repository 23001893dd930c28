"""Tasks of the X side: each makes one call, and is safe to run any number of times.

Who rings names the queue (`accounts.doorbell.ring`); what the clock starts goes to the default one.
What finds another worker at it (`Busy`) leaves its rows to the clock.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from accounts.doorbell import ring_now
from twitter_sync.actions import (
    applying,
    asking,
    auditing,
    backfilling,
    blocking,
    challenging,
    complying,
    connecting,
    cutting,
    disconnecting,
    emptying,
    erasing,
    fetching,
    finding,
    healing,
    hiding,
    learning,
    listening,
    looking_up,
    polling,
    quiet,
    rechecking,
    recovering,
    renewing,
    ruling,
    searching,
    sending,
    setting_up,
    sweeping,
    tallying,
    turns,
    unsending,
    uploading,
)
from twitter_sync.locks import PUT_OFF_SECONDS, Busy


@shared_task(name="twitter_sync.apply")
def apply(**_: Any) -> None:
    applying.apply_due()


@shared_task(name="twitter_sync.look_up")
def look_up(**_: Any) -> None:
    looking_up.look_up_due()


@shared_task(name="twitter_sync.ask_reach")
def ask_reach(brand_id: int, contact_id: int, **_: Any) -> None:
    asking.ask(brand_id, contact_id)


@shared_task(name="twitter_sync.poll_due")
def poll_due(**_: Any) -> None:
    polling.poll_due()


@shared_task(name="twitter_sync.poll")
def poll(cursor_id: int, **_: Any) -> None:
    polling.poll(cursor_id)


@shared_task(name="twitter_sync.backfill")
def backfill(backfill_id: int, **_: Any) -> None:
    backfilling.backfill(backfill_id)


@shared_task(name="twitter_sync.heal")
def heal(gap_id: int, **_: Any) -> None:
    healing.heal(gap_id)


@shared_task(name="twitter_sync.listen", time_limit=turns.TIME_LIMIT_SECONDS)
def listen(lease_id: int = 0, predecessor: int = 0, **_: Any) -> None:
    listening.listen(lease_id, predecessor)


@worker_shutting_down.connect
def stop_listening(**_: Any) -> None:
    listening.stop()


@shared_task(name="twitter_sync.replay")
def replay(replay_id: int, **_: Any) -> None:
    recovering.ask(replay_id)


@shared_task(name="twitter_sync.set_up")
def set_up(brand_id: int, **_: Any) -> None:
    connecting.finish(brand_id)


@shared_task(name="twitter_sync.search")
def search(**_: Any) -> None:
    searching.search_due()


@shared_task(name="twitter_sync.recheck")
def recheck(**_: Any) -> None:
    rechecking.check_due()


@shared_task(name="twitter_sync.comply")
def comply(**_: Any) -> None:
    complying.comply_due()


@shared_task(name="twitter_sync.expect_checks")
def expect_checks(**_: Any) -> None:
    rechecking.expect_checks()


@shared_task(name="twitter_sync.redact")
def redact(**_: Any) -> None:
    cutting.cut_due()


@shared_task(name="twitter_sync.empty_old")
def empty_old(**_: Any) -> None:
    emptying.empty_old()


@shared_task(name="twitter_sync.send")
def send(conversation_id: int, **_: Any) -> None:
    sending.send_next(conversation_id)


@shared_task(name="twitter_sync.block")
def block(block_id: int, **_: Any) -> None:
    blocking.carry_out(block_id)


@shared_task(name="twitter_sync.hide")
def hide(hiding_id: int, **_: Any) -> None:
    hiding.carry_out(hiding_id)


@shared_task(name="twitter_sync.unsend")
def unsend(deletion_id: int, **_: Any) -> None:
    unsending.carry_out(deletion_id)


@shared_task(name="twitter_sync.fetch_media")
def fetch_media(**_: Any) -> None:
    fetching.fetch_due()


@shared_task(name="twitter_sync.upload_media")
def upload_media(**_: Any) -> None:
    uploading.upload_due()


@shared_task(name="twitter_sync.sweep")
def sweep(**_: Any) -> None:
    sweeping.sweep()


@shared_task(name="twitter_sync.audit")
def audit(**_: Any) -> None:
    auditing.audit()


@shared_task(name="twitter_sync.watch")
def watch(**_: Any) -> None:
    with suppress(Busy):
        setting_up.watch()


@shared_task(name="twitter_sync.renew_due")
def renew_due(**_: Any) -> None:
    renewing.renew_due()


@shared_task(name="twitter_sync.renew")
def renew(connection_id: int, **_: Any) -> None:
    renewing.renew(connection_id)


@shared_task(name="twitter_sync.look_for_quiet")
def look_for_quiet(**_: Any) -> None:
    learning.learn_due()
    quiet.look_for_quiet()


@shared_task(name="twitter_sync.learn")
def learn(brand_id: int, **_: Any) -> None:
    learning.learn(brand_id)


@shared_task(name="twitter_sync.tally")
def tally(**_: Any) -> None:
    tallying.tally()


@shared_task(name="twitter_sync.challenge")
def challenge(**_: Any) -> None:
    challenging.challenge()


@shared_task(name="twitter_sync.keep_rules")
def keep_rules(**_: Any) -> None:
    with suppress(Busy):
        ruling.keep_rules()
    finding.forget()


@shared_task(name="twitter_sync.subscribe")
def subscribe(brand_id: int, **_: Any) -> None:
    with suppress(Busy):
        setting_up.renew_subscriptions(brand_id)


@shared_task(name="twitter_sync.wind_up")
def wind_up(brand_id: int, **_: Any) -> None:
    try:
        disconnecting.wind_up(brand_id)
    except Busy:
        ring_now("twitter_sync.wind_up", queue="default", after=PUT_OFF_SECONDS, brand_id=brand_id)


@shared_task(name="twitter_sync.wind_up_all")
def wind_up_all(**_: Any) -> None:
    with suppress(Busy):
        disconnecting.wind_up_all()


@shared_task(name="twitter_sync.erase")
def erase(erasure_id: int, **_: Any) -> None:
    erasing.erase_on(erasure_id)


@shared_task(name="twitter_sync.erase_all")
def erase_all(**_: Any) -> None:
    erasing.erase_all()
