"""Whom a message would not reach is said while somebody looks, with the ways that do work."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import RULES, axe


def test_who_was_suspended_meanwhile_is_named_on_an_open_desk(windows, stack, ids):
    spec = {"username": "gerda", "name": "Gerda Gone"}
    gerda = str(stack.tell_x("users", users=[spec])["users"][0]["id"])
    stack.tell_x("dms", sender_id=gerda, recipient_id=ids["acme"], text="Before I am gone")
    stack.tell_x("users", users=[{**spec, "id": gerda, "account": "suspended"}])
    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True)
    desk.get_by_role("link", name="Before I am gone").click()
    expect(desk.get_by_label(re.compile("^Private message to @gerda"))).to_be_visible()
    doubt = desk.locator("#path-dm-doubt")
    expect(doubt).to_contain_text("X has suspended @gerda")
    expect(doubt).to_contain_text("They last wrote privately")
    expect(doubt.get_by_role("link", name="Open in X")).to_be_visible()
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        desk.emulate_media(color_scheme=scheme)
        found = axe(desk, rules)
        assert found == [], found


def test_the_ground_to_write_is_said_above_the_text(windows, stack, ids, writes):
    writes("piet", "May you write to me?")
    desk = windows.open("/desk/?view=open", "ben", bypass_csp=True)
    desk.get_by_role("link", name="May you write to me?").click()
    expect(desk.locator("#path-dm-ground")).to_contain_text("They last wrote privately")
    found = axe(desk, RULES)
    assert found == [], found
