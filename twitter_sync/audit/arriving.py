"""Nothing is lost on the way in, and nothing comes in twice."""

from __future__ import annotations

from twitter_sync.audit.invariant import Invariant

# What may be an id of X in a body: whatever stands between quotes and is as long. Taking the JSON
# apart would fail on what Postgres can't hold, and a pattern costs five times as much.
QUOTED = """
    SELECT said AS id FROM string_to_table(encode(told.body, 'escape'), '"') AS said
    WHERE length(said) BETWEEN 10 AND 60
"""
# Ids under which X may know a message of ours, former ones too.
HELD = """
    SELECT brand_id, kind, external_id FROM inbox_message
    UNION ALL SELECT brand_id, kind, external_id FROM inbox_messagerevision
"""
TOLD = f"""
    SELECT split_part(told.fact, ':', 3) AS id WHERE told.source IN ('poll', 'history')
    UNION ALL ({QUOTED} AND told.source NOT IN ('poll', 'history'))
"""

EVENTS_BECAME_MESSAGES = Invariant(
    "V1",
    "What X told us and we sorted is a message under the id that X gave it.",
    why="""
        A row of the ledger that is not applied says itself why: it is pending, waits for another
        post, was set aside, or told nothing of ours. Of what was polled the fact names the id; of
        the ids in a push, one must be a message's. What X never told us, and what was thrown away
        before it was a row, only the ledger of the other side shows. A row without a body is old,
        or what it told is gone from X.
    """,
    statement=f"""
        SELECT 'raw event ' || told.id
        FROM twitter_sync_rawevent told
        WHERE told.id > %(ledger)s AND told.state = 'applied' AND told.brand_id IS NOT NULL
          AND told.emptied_at IS NULL
          AND NOT EXISTS (
            SELECT FROM ({TOLD}) named JOIN ({HELD}) held ON held.external_id = named.id
            WHERE held.brand_id = told.brand_id AND held.kind IN ('dm', 'public'))
          AND NOT EXISTS (
            SELECT FROM ({TOLD}) named JOIN ({HELD}) held ON held.external_id = named.id
            WHERE held.brand_id = ANY(ARRAY(SELECT id FROM accounts_brandaccount))
              AND held.kind IN ('dm', 'public'))
    """,
)

MESSAGES_WERE_TOLD = Invariant(
    "V2",
    "Every message was told by X or written by one of our people.",
    why="""
        A post that X told is in the known tree. A direct message was polled under its own fact, or
        stands in a push. Among the newest rows only those are looked for that reached us within
        half an hour of their writing. What is older than the whole ledger was told by rows that
        are gone; of what came so long ago that bodies are emptied, and of what was deleted on X,
        no push shows any more that it told it.
    """,
    statement=f"""
        WITH pushed AS MATERIALIZED (
            SELECT DISTINCT named.id AS external_id
            FROM twitter_sync_rawevent told CROSS JOIN LATERAL ({QUOTED}) named
            WHERE told.id > %(pushes)s AND told.source IN ('webhook', 'stream')
        ), ledger AS (
            SELECT received_at AS began_at FROM twitter_sync_rawevent ORDER BY id LIMIT 1
        )
        SELECT 'message ' || message.id
        FROM inbox_message message, ledger
        WHERE message.id > %(messages)s AND message.client_key IS NULL
          AND message.received_at > ledger.began_at AND message.deleted_at IS NULL
          AND message.received_at > statement_timestamp() - make_interval(days => %(kept_days)s)
          AND CASE message.kind WHEN 'public' THEN NOT EXISTS (
                SELECT FROM twitter_sync_knownpost post WHERE post.post_id = message.external_id)
              ELSE (%(minutes)s IS NULL OR message.received_at
                        < message.sent_at + make_interval(mins => %(minutes)s))
               AND NOT EXISTS (
                SELECT FROM twitter_sync_rawevent polled WHERE polled.fact
                    = 'dm:' || message.brand_id || ':' || message.external_id)
               AND NOT EXISTS (
                SELECT FROM pushed WHERE pushed.external_id = message.external_id)
              END
    """,
)

HELD_ONCE = Invariant(
    "V4",
    "One thing on X is one row here, and an echo settles the reply that it is the echo of.",
    why="""
        Unique keys make the first part so; should one be missing, this finds what came of it. The
        second: a reply that X is said not to have confirmed, beside the same words "sent in X" in
        the same thread after the call began, is one reply shown as two.
    """,
    statement="""
        SELECT 'message ' || message.id
        FROM inbox_message message
        JOIN inbox_message first USING (brand_id, kind, external_id)
        WHERE message.id > %(messages)s AND first.id < message.id
        UNION ALL
        SELECT 'message ' || former.message_id
        FROM inbox_messagerevision former
        JOIN inbox_message other USING (brand_id, kind, external_id)
        WHERE other.id > %(messages)s AND other.id <> former.message_id
        UNION ALL
        SELECT 'raw event ' || told.id
        FROM twitter_sync_rawevent told
        JOIN twitter_sync_rawevent first USING (fact)
        WHERE told.id > %(ledger)s AND first.id < told.id
        UNION ALL
        SELECT 'message ' || ours.id
        FROM inbox_message ours
        JOIN twitter_sync_sendattempt attempt ON attempt.message_id = ours.id
        JOIN inbox_message echo ON echo.thread_id = ours.thread_id
        WHERE ours.state = 'uncertain'
          AND echo.direction = 'out' AND echo.client_key IS NULL AND echo.text = ours.text
          AND attempt.outcome = 'uncertain'
          AND echo.sent_at > attempt.started_at - interval '5 seconds'
          AND echo.sent_at < attempt.lease_until
    """,
)

CURSORS_STAND_ON_HELD_GROUND = Invariant(
    "V7",
    "A feed is never said to be read past what we hold.",
    why="""
        A cursor names the newest item that was polled: it is in the ledger, or a message or a known
        post that a push brought before. Where it is neither, the cursor moved without its rows.
        That everything below it is held as well, or stands in the row of a gap, only X's own list
        can show.
    """,
    statement=f"""
        SELECT 'cursor ' || cursor.id
        FROM twitter_sync_synccursor cursor
        WHERE cursor.newest_id <> ''
          AND NOT EXISTS (
            SELECT FROM twitter_sync_rawevent told
            WHERE told.fact = CASE cursor.feed WHEN 'dms' THEN 'dm' ELSE 'post' END
                || ':' || cursor.brand_id || ':' || cursor.newest_id)
          AND NOT EXISTS (
            SELECT FROM ({HELD}) held
            WHERE held.brand_id = cursor.brand_id AND held.external_id = cursor.newest_id
              AND held.kind = CASE cursor.feed WHEN 'dms' THEN 'dm' ELSE 'public' END)
          AND NOT EXISTS (
            SELECT FROM twitter_sync_knownpost post
            WHERE cursor.feed <> 'dms' AND post.post_id = cursor.newest_id)
    """,
)
