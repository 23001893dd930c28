"""What strangers write is text everywhere: no script runs, no element appears (trust X1)."""

from __future__ import annotations

from playwright.sync_api import expect

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "</bdi></div></template><svg onload=alert(3)>",
    '"><iframe srcdoc="<script>parent.alert(4)</script>">',
    "' onmouseover='alert(5)' x='",
    "{{ 7*7 }}{% raw %}${alert(6)}",
    "javascript:alert(7) https://x.example/<script>alert(8)</script>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src onerror=alert(9)>'>",
    "<a href=javascript:alert(10)>click</a><details open ontoggle=alert(11)>",
    "\u202egnp.exe <b hx-on:click=alert(12) data-controller=desk hx-get=/ hx-trigger=load>b</b>",
)
# The one fragment of ours that asks when it is shown has a name of its own.
FOREIGN = (
    "script:not([type]), iframe, math, object, [onload], [onerror], table,"
    " [hx-trigger='load']:not(#ask-reach)"
)


def test_payloads_stay_text(windows, somebody, writes):
    for number, payload in enumerate(PAYLOADS):
        mallory = f"mallory{number}"
        somebody(mallory, name=payload[:50], description=payload)
        writes(mallory, f"no. {number}: {payload}", public=bool(number % 2))
    desk = windows.open("/desk/?view=unassigned", "ana")
    for number, payload in enumerate(PAYLOADS):
        row = desk.locator(".row", has_text=f"no. {number}:")
        expect(row).to_be_visible()
        row.get_by_role("link").click()
        expect(desk.locator("#timeline")).to_contain_text(f"no. {number}: {payload[:20]}")
        expect(desk.locator(FOREIGN)).to_have_count(0)
        address = desk.url
    note = desk.get_by_role("tab", name="Note")
    note.click()
    desk.get_by_label("Note for your team").fill(" ".join(PAYLOADS))
    desk.get_by_role("button", name="Add note").click()
    expect(desk.locator(".note")).to_contain_text("<script>alert(1)</script>")
    desk.goto(address)
    expect(desk.locator(FOREIGN)).to_have_count(0)
    expect(desk.locator(".note")).to_contain_text("<script>alert(1)</script>")
