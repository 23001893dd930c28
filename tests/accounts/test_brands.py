from __future__ import annotations

from accounts.actions.brands import change_settings
from accounts.models import BrandEvent


def test_the_people_of_the_handle_hear_of_a_change_and_nobody_else(ada, ana, zoe, acme, heard):
    with heard() as announced:
        change_settings(acme, by=ada, greeting_name="Acme care")
    assert sorted(announced) == sorted([ada.pk, ana.pk])


def test_what_is_not_said_stays(ada, acme):
    assert change_settings(acme, by=ada, reopen_days=3, join_hours=72) == ["reopen_days"]
    acme.refresh_from_db()
    assert (acme.reopen_days, acme.join_hours, acme.claims_on_reply) == (3, 72, True)
    line = BrandEvent.objects.get()
    assert (line.before, line.after) == ({"reopen_days": 7}, {"reopen_days": 3})
