"""The main job, end to end: a customer writes on X, an agent answers, the customer reads it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

MARK = "window.sinceTheFirstLoad = true"


def customer(windows, who: str) -> Page:
    """The customer's phone: the simulator's own page."""
    page = windows.open(windows.stack.simulator)
    page.get_by_test_id("pick-customer").select_option(label=f"{who.title()} Customer (@{who})")
    page.get_by_test_id("pick-brand").select_option(label="Acme (@acme)")
    return page


def test_a_private_message_is_answered_in_private(windows):
    desk = windows.open("/desk/?view=unassigned", "ana")
    desk.evaluate(MARK)
    carla = customer(windows, "carla")
    carla.get_by_test_id("dm-text").fill("Where is parcel 4711?")
    carla.get_by_test_id("dm-send").click()

    row = desk.get_by_role("link", name="Where is parcel 4711?")
    expect(row).to_contain_text("Private")
    row.click()
    expect(desk.locator(".message-dm")).to_contain_text("Where is parcel 4711?")
    desk.get_by_label("Private message to @carla").fill("With your neighbour at number 9.")
    desk.get_by_role("button", name="Send privately to @carla").click()

    expect(desk.locator(".message-ours")).to_contain_text("Sent")
    expect(carla.get_by_test_id("dm-list")).to_contain_text("With your neighbour at number 9.")
    expect(desk.get_by_label("Private message to @carla")).to_have_value("")
    expect(desk.locator("#assignee")).to_contain_text("Ana Agent")
    assert desk.evaluate("window.sinceTheFirstLoad"), "the desk was loaded again"


def test_a_public_post_is_answered_in_public(windows):
    desk = windows.open("/desk/?view=unassigned", "ben")
    desk.evaluate(MARK)
    xavier = customer(windows, "xavier")
    xavier.get_by_test_id("post-text").fill("@acme your shop has been down all morning")
    xavier.get_by_test_id("post-send").click()

    row = desk.get_by_role("link", name="your shop has been down")
    expect(row).to_contain_text("Public")
    row.click()
    expect(desk.locator(".message-public")).to_contain_text("down all morning")
    assert desk.get_by_text("Everyone can read this.").is_visible()
    desk.get_by_label("Public reply to @xavier, as @acme").fill("It is back, sorry!")
    desk.get_by_role("button", name="Post publicly as @acme").click()

    expect(desk.locator(".message-ours")).to_contain_text("Sent")
    expect(xavier.get_by_test_id("post-list")).to_contain_text("It is back, sorry!")
    assert desk.evaluate("window.sinceTheFirstLoad"), "the desk was loaded again"
    answered = windows.stack.ask_x("ledger")["posts"][-1]
    assert answered["text"].endswith("It is back, sorry!")
