"""A reply is handed to X once, in its order, and its fate is what the attempts say."""

from __future__ import annotations

from twitter_sync.audit.invariant import Invariant

SENT_ONCE = Invariant(
    "V3",
    "X accepted a reply at most once, and what we say of it is what came of our attempts.",
    why="""
        Sent: an attempt was accepted, or one that X did not confirm and its echo did. Queued,
        failed, cancelled: no attempt was accepted. Sending: one attempt is open. Uncertain: one was
        not confirmed. How often X really accepted it, X's ledger alone can tell.
    """,
    statement="""
        WITH tried AS (
            SELECT message_id,
                   count(*) FILTER (WHERE outcome = 'sent') AS accepted,
                   count(*) FILTER (WHERE outcome = 'open') AS open,
                   count(*) FILTER (WHERE outcome = 'uncertain') AS unconfirmed
            FROM twitter_sync_sendattempt
            WHERE message_id IN (
                SELECT message_id FROM twitter_sync_sendattempt WHERE id > %(attempts)s
                UNION
                SELECT id FROM inbox_message WHERE state IN ('queued', 'sending', 'uncertain')
                UNION
                SELECT id FROM inbox_message WHERE id > %(messages)s AND client_key IS NOT NULL)
            GROUP BY message_id
        )
        SELECT 'message ' || message.id
        FROM inbox_message message LEFT JOIN tried ON tried.message_id = message.id
        WHERE message.client_key IS NOT NULL
          AND (message.id > %(messages)s OR tried.message_id IS NOT NULL
               OR message.state IN ('queued', 'sending', 'uncertain'))
          AND (coalesce(accepted, 0) > 1
               OR CASE message.state
                    WHEN 'sent' THEN coalesce(accepted + unconfirmed + open, 0) = 0
                    WHEN 'sending' THEN coalesce(open, 0) <> 1
                    WHEN 'uncertain' THEN coalesce(unconfirmed, 0) = 0
                    ELSE coalesce(accepted, 0) > 0 END)
    """,
)

SENT_IN_ORDER = Invariant(
    "V5",
    "The replies of a conversation reached X in the order in which they were written.",
    why="""
        X's ids are in the order in which it took them. A reply that a person sent again goes out
        later than those behind it, and is left out; so is one of the demo's past, which was handed
        to X before its row was here.
    """,
    statement="""
        WITH ours AS (
            SELECT id, conversation_id, sequence,
                   max(sequence) OVER (PARTITION BY conversation_id ORDER BY id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM inbox_message message
            WHERE state = 'sent' AND client_key IS NOT NULL
              AND conversation_id IN (
                SELECT conversation_id FROM inbox_message
                WHERE id > %(messages)s AND client_key IS NOT NULL)
              AND NOT EXISTS (
                SELECT FROM inbox_conversationevent again
                WHERE again.conversation_id = message.conversation_id
                  AND again.message_id = message.id AND again.kind = 'retried')
              AND NOT EXISTS (
                SELECT FROM twitter_sync_sendattempt attempt
                WHERE attempt.message_id = message.id
                  AND attempt.started_at < message.received_at)
        )
        SELECT 'message ' || id FROM ours WHERE sequence < before
    """,
)

ATTEMPTS_END = Invariant(
    "V6",
    "No attempt to send is open for longer than its lease and half a minute.",
    why="""
        The sweep, every fifteen seconds, closes what a dead worker left: an attempt that is open
        later than that means that nobody sweeps.
    """,
    statement="""
        SELECT 'attempt ' || id FROM twitter_sync_sendattempt
        WHERE outcome = 'open' AND lease_until < statement_timestamp() - interval '30 seconds'
    """,
)

QUOTAS_ARE_SOUND = Invariant(
    "V12",
    "No quota leaves more calls than X allows, or lasts longer than its window.",
    why="""
        Either would have us call more often than X lets us, or not at all. That the calls of a
        window were no more than X allows can't be read from our tables, which keep no call: the
        simulator counts them.
    """,
    statement="""
        SELECT 'quota ' || id FROM twitter_sync_ratebudget
        WHERE remaining > allowed
           OR resets_at > updated_at + interval '1 minute'
              + CASE "window" WHEN '24h' THEN interval '24 hours' ELSE interval '15 minutes' END
    """,
)
