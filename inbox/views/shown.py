"""How much of a list a page has on it, so that a refresh shows no less."""

from __future__ import annotations

from django.http import HttpRequest

from inbox import desk, timeline

MOST_ROWS = 500


def rows_shown(request: HttpRequest) -> int:
    """Conversations in the list of the desk."""
    return min(number(request.GET.get("rows", ""), or_else=desk.PAGE_SIZE), MOST_ROWS)


def messages_shown(request: HttpRequest) -> int:
    """Entries of the conversation; forms say it in a header."""
    asked = request.GET.get("shown", request.headers.get("Desk-Shown", ""))
    return number(asked, or_else=timeline.PAGE_SIZE)


def number(asked: str, *, or_else: int) -> int:
    """Never less than a page, and a page for what is no number or a hopeless one."""
    is_number = asked.isdecimal() and len(asked) < 10
    return max(int(asked), or_else) if is_number else or_else
