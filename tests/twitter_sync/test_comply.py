"""Thousands of posts in one job of X's: `twitter_sync.actions.complying`."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync.small_x import Said, SmallX
from tests.twitter_sync.test_poll import poll_now, posts
from tests.twitter_sync.test_recheck import asked_for
from tests.twitter_sync.working import settle
from tests.x import Simulator
from twitter_sync.actions.complying import MOST_ATTEMPTS, comply_due, reasons_in
from twitter_sync.actions.rechecking import PAUSE, SOON, check_due, expect_checks
from twitter_sync.models import ComplianceJob, ConversationSearch, KnownPost

pytestmark = pytest.mark.django_db

JOBS = "/2/compliance/jobs"


@pytest.fixture(autouse=True)
def _jobs(settings: Settings) -> None:
    settings.X_COMPLIANCE_JOBS = True


@pytest.fixture
def said(simulator: Simulator, brand: BrandAccount) -> list[str]:
    """Three questions of three people; the third stands below a friend's post."""
    people = [simulator.person() for _ in range(4)]
    above = posts(simulator, people[3]["id"], "no internet here")
    asked = [posts(simulator, one["id"], f"@{brand.handle} help") for one in people[:2]]
    last = f"@{brand.handle} me too"
    asked.append(posts(simulator, people[2]["id"], last, in_reply_to_post_id=above))
    poll_now(brand, "mentions")
    settle()
    return asked


@pytest.fixture
def checked(said: list[str]) -> datetime:
    """When they are due again, after the first check of all."""
    expect_checks()
    now = timezone.now() + timedelta(days=1)
    assert check_due(now) == 4
    return now + PAUSE


def carry(now: datetime) -> ComplianceJob:
    """X works on a job for a moment."""
    comply_due(now)
    [job] = ComplianceJob.objects.all()
    ends_at = monotonic() + 20
    while job.finished_at is None:
        assert monotonic() < ends_at, job.external_id
        sleep(0.1)  # each look costs a call, and X grants few
        now += timedelta(minutes=1)
        comply_due(now)
        job.refresh_from_db()
    return job


def deleted() -> list[bool]:
    return [message.deleted_at is not None for message in Message.objects.in_order()]


def test_what_is_new_is_asked_for_as_always_and_later_goes_into_a_job(simulator, said, checked):
    calls = asked_for(simulator)
    assert check_due(checked) == 0
    job = carry(checked)
    assert asked_for(simulator) == calls
    assert (job.post_ids, job.searches) == ([], [])
    assert deleted() == [False] * 3
    for search in ConversationSearch.objects.all():
        assert search.checked_at == checked
        assert search.check_at > checked + PAUSE


def test_what_is_deleted_goes_and_what_is_protected_is_context_no_more(simulator, said, checked):
    simulator.post("posts/delete", id=said[0])
    above = KnownPost.objects.get(text="no internet here")
    spec: dict[str, Any] = {"id": above.author_id, "username": above.author_handle}
    simulator.post("users", users=[spec | {"protected": True}])
    carry(checked)
    above.refresh_from_db()
    assert deleted() == [True, False, False]
    assert (above.text, above.is_protected) == ("", True)


def test_one_job_is_under_way_at_a_time(simulator, said, checked):
    before = len(simulator.calls(JOBS))
    comply_due(checked)
    ConversationSearch.objects.update(check_at=checked)
    comply_due(checked)
    assert ComplianceJob.objects.count() == 1
    assert len(simulator.calls(JOBS)) == before + 1


def test_without_the_setting_everything_is_asked_for_as_always(simulator, checked, settings):
    settings.X_COMPLIANCE_JOBS = False
    comply_due(checked)
    assert not ComplianceJob.objects.exists()
    assert check_due(checked) == 4


def test_what_x_cannot_do_is_begun_anew_and_then_let_go(said, checked, settings):
    settings.X_API_URL, now = "http://127.0.0.1:9", checked
    for _ in range(MOST_ATTEMPTS):
        comply_due(now)
        now += timedelta(minutes=11)
    job = ComplianceJob.objects.get()
    assert (job.finished_at is not None, job.post_ids) == (True, [])
    last = now - timedelta(minutes=11)
    assert {one.check_at for one in ConversationSearch.objects.all()} == {last + SOON}
    assert deleted() == [False] * 3


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_a_job_that_x_gives_up_is_begun_anew(small_x: SmallX, status: str):
    now = timezone.now()
    small_x.anything = Said({"data": {"id": "17", "status": status}})
    job = ComplianceJob.objects.create(external_id="17", post_ids=["1"], due_at=now)
    comply_due(now)
    job.refresh_from_db()
    assert (job.external_id, job.attempts, job.due_at > now) == ("", 1, True)


def test_ids_go_nowhere_but_to_the_store(small_x: SmallX, settings: Settings):
    """What X's answer names is an address like any stranger's."""
    settings.X_IS_SIMULATOR = False
    now = timezone.now()
    made = {"id": "17", "upload_url": "https://evil.test/upload"}
    small_x.anything = Said({"data": made})
    job = ComplianceJob.objects.create(post_ids=["1"], due_at=now)
    comply_due(now)
    job.refresh_from_db()
    assert (job.external_id, job.attempts) == ("", 1)


def test_only_what_must_go_counts():
    results = b"""
{"id": "1", "action": "delete", "reason": "suspended"}
{"id": "2", "action": "scrub_geo", "reason": "scrub_geo"}
{"id": "3", "action": "delete", "reason": "protected"}
[]
"""
    assert dict(reasons_in(results)) == {"1": "suspended", "3": "protected"}
