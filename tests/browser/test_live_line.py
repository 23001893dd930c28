"""How news comes to open desks: over one line for all tabs, by a leading one, or by asking."""

from __future__ import annotations

from playwright.sync_api import expect

NO_SHARED_WORKER = "delete window.SharedWorker"
# Some of what is published never arrives, and nobody can know: the line itself stays up.
NEWS_GET_LOST = (
    NO_SHARED_WORKER
    + """
  window.Worker = class extends Worker {
    set onmessage(heard) { super.onmessage = (message) => message.data.news || heard(message) }
  }
"""
)


def test_one_line_serves_more_tabs_than_a_browser_has_connections(windows, writes):
    context = windows.context("ben")
    tabs = [context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto(f"{windows.stack.web}/desk/?view=open", wait_until="commit")
    for tab in tabs:
        expect(tab.locator("#live-state")).to_have_text("Live")
    writes("rosa", "Seven of you?")
    for tab in tabs:
        expect(tab.locator("#list")).to_contain_text("Seven of you?")


def test_without_shared_workers_a_leading_tab_passes_the_news_on(windows, writes):
    context = windows.context("ben", before=NO_SHARED_WORKER)
    leader, follower = context.new_page(), context.new_page()
    for tab in (leader, follower):
        tab.goto(f"{windows.stack.web}/desk/?view=open")
        expect(tab.locator("#live-state")).to_have_text("Live")
    leader.close()
    writes("rosa", "Who leads now?")
    expect(follower.locator("#list")).to_contain_text("Who leads now?")


def test_with_the_line_down_the_page_asks_by_itself(windows, writes):
    context = windows.context("ben", before=NO_SHARED_WORKER)
    context.route(f"{windows.stack.live}/**", lambda route: route.abort())
    desk = context.new_page()
    desk.goto(f"{windows.stack.web}/desk/?view=open")
    expect(desk.locator("#live-state")).to_have_text("Reconnecting")
    writes("rosa", "Can you hear me?")
    expect(desk.locator("#list")).to_contain_text("Can you hear me?")


def test_news_that_got_lost_are_caught_up_with_while_the_line_is_up(windows, writes):
    deaf = windows.context("ben", before=NEWS_GET_LOST).new_page()
    deaf.clock.install()
    deaf.goto(f"{windows.stack.web}/desk/?view=open")
    expect(deaf.locator("#live-state")).to_have_text("Live")
    hearing = windows.open("/desk/?view=open", "ana")
    expect(hearing.locator("#live-state")).to_have_text("Live")
    writes("rosa", "Did this get lost?")
    expect(hearing.locator("#list")).to_contain_text("Did this get lost?")
    expect(deaf.locator("#list")).not_to_contain_text("Did this get lost?")
    deaf.clock.fast_forward(60_000)
    expect(deaf.locator("#list")).to_contain_text("Did this get lost?")
