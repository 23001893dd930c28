"""The database of a running stack, looked at from outside: past Django, past every rule of ours."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

# What must come to nothing before a trial is over, and how much of it is left.
LEFT = {
    "feeds to read": """
        SELECT count(*) FROM twitter_sync_synccursor cursor
        JOIN accounts_brandaccount brand ON brand.id = cursor.brand_id
        WHERE brand.status IN ('connected', 'paused')
          AND (polled_at IS NULL OR polled_at < %(since)s)
    """,
    "gaps to heal": """
        SELECT count(*) FROM twitter_sync_syncgap gap
        JOIN accounts_brandaccount brand ON brand.id = gap.brand_id
        WHERE gap.healed_at IS NULL AND gap.given_up_at IS NULL AND gap.feed <> 'pushes'
          AND brand.status IN ('connected', 'paused')
    """,
    "events to apply": """
        SELECT count(*) FROM twitter_sync_rawevent WHERE state IN ('pending', 'waiting')
    """,
    "posts to look up": """
        SELECT count(*) FROM twitter_sync_knownpost WHERE look_up_at IS NOT NULL
    """,
    # What X did not confirm, and did not get, holds those behind it until an agent decides.
    "replies under way": """
        SELECT count(*) FROM inbox_message message
        JOIN accounts_brandaccount brand ON brand.id = message.brand_id
        WHERE message.state IN ('queued', 'sending') AND brand.status = 'connected'
          AND NOT EXISTS (
            SELECT FROM inbox_message doubtful
            WHERE doubtful.conversation_id = message.conversation_id
              AND doubtful.state = 'uncertain')
    """,
    "attempts open": "SELECT count(*) FROM twitter_sync_sendattempt WHERE outcome = 'open'",
}
MESSAGES = """
SELECT message.id, brand.x_user_id AS brand, message.kind, message.external_id, message.direction,
       message.state, message.client_key::text, message.conversation_id, message.text,
       extract(epoch FROM message.received_at - message.sent_at) AS seconds_to_us
FROM inbox_message message JOIN accounts_brandaccount brand ON brand.id = message.brand_id
ORDER BY message.id
"""
# More was written than X takes of a handle in a quarter of an hour.
WAITS_FOR_QUOTA = """
SELECT id FROM inbox_message
WHERE state = 'queued' AND not_before > statement_timestamp() + interval '10 seconds' LIMIT 1
"""
# The ids that the trial gave to the empty events it pushed.
PUSHES = """
SELECT substring(encode(body, 'escape') FROM '"event_uuid": "trial-([0-9a-f-]{36})"') AS id
FROM twitter_sync_rawevent WHERE source = 'webhook'
"""
# Quotas are full again; feeds, gaps and replies that waited for them are due.
QUARTER_OF_AN_HOUR = """
UPDATE twitter_sync_ratebudget SET resets_at = statement_timestamp();
UPDATE twitter_sync_synccursor SET due_at = statement_timestamp();
UPDATE twitter_sync_syncgap SET due_at = statement_timestamp();
UPDATE inbox_message SET not_before = statement_timestamp() WHERE state = 'queued';
"""


def ask(url: str, statement: str, **asked: Any) -> list[dict[str, Any]]:
    """Raises psycopg2.OperationalError while the database is down."""
    session = psycopg2.connect(url, connect_timeout=5, cursor_factory=RealDictCursor)
    try:
        with closing(session), session, session.cursor() as cursor:
            cursor.execute(statement, asked)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []
    except psycopg2.InterfaceError as cut:
        # It went down meanwhile: there is nothing left to roll back.
        raise psycopg2.OperationalError(str(cut)) from cut


def left(url: str, since: Any) -> dict[str, int]:
    """What is not done yet. Raises psycopg2.OperationalError."""
    counts = {what: ask(url, count, since=since)[0]["count"] for what, count in LEFT.items()}
    return {what: count for what, count in counts.items() if count}
