"""Rows agree with each other: summaries, brands, what was deleted, what was done."""

from __future__ import annotations

from twitter_sync.audit.invariant import Invariant

SUMMARIES_ARE_TRUE = Invariant(
    "V8",
    "What the list says of a conversation is what its messages say.",
    why="""
        Counted anew from the messages, by the rules of `inbox.actions.answering`: how many, of
        which kinds, the last activity, since when somebody waits. And nothing that was resolved
        waits for an answer.
    """,
    statement="""
        WITH said AS (
            SELECT conversation_id, count(*) AS number,
                   count(*) FILTER (WHERE kind = 'dm') AS private,
                   max(sequence) FILTER (WHERE direction = 'out' AND state = 'sent') AS answered,
                   (array_agg(sent_at ORDER BY sequence DESC, id DESC))[1] AS newest_at
            FROM inbox_message
            WHERE state <> 'cancelled' AND conversation_id IN (
                SELECT conversation_id FROM inbox_message WHERE id > %(messages)s)
            GROUP BY conversation_id
        )
        SELECT 'conversation ' || conversation.id
        FROM said
        JOIN inbox_conversation conversation ON conversation.id = said.conversation_id
        JOIN accounts_brandaccount brand ON brand.id = conversation.brand_id
        WHERE conversation.message_count <> said.number
           OR conversation.has_dm <> (said.private > 0)
           OR conversation.has_public <> (said.number > said.private)
           OR conversation.last_activity_at <> said.newest_at
           OR (conversation.status = 'resolved' AND conversation.unanswered_since IS NOT NULL)
           OR conversation.unanswered_since IS DISTINCT FROM (
                SELECT sent_at FROM inbox_message
                WHERE conversation_id = conversation.id
                  AND direction = 'in' AND deleted_at IS NULL
                  AND id > coalesce(conversation.resolved_through, 0)
                  AND (said.answered IS NULL OR sequence > said.answered)
                  AND sent_at >= coalesce(
                    CASE WHEN coalesce(conversation.resolved_through, 0) = 0
                         THEN brand.answers_since - interval '7 days'
                         ELSE brand.answers_since END, '-infinity')
                ORDER BY sequence, id LIMIT 1)
    """,
)

BRANDS_AGREE = Invariant(
    "V9",
    "No row belongs to another brand than the row that it hangs on.",
    why="""
        Messages, their former forms, threads, teams and blocks repeat the brand, so that they can
        be found by it: a difference would show one brand's people what is another's.
    """,
    statement="""
        SELECT 'message ' || message.id
        FROM inbox_message message
        JOIN inbox_thread thread ON thread.id = message.thread_id
        JOIN inbox_conversation conversation ON conversation.id = message.conversation_id
        WHERE message.id > %(messages)s
          AND (message.brand_id <> conversation.brand_id OR thread.brand_id <> message.brand_id
               OR thread.conversation_id <> message.conversation_id OR thread.kind <> message.kind)
        UNION ALL
        SELECT 'message ' || former.message_id
        FROM inbox_messagerevision former
        JOIN inbox_message message ON message.id = former.message_id
        WHERE message.id > %(messages)s AND former.brand_id <> message.brand_id
        UNION ALL
        SELECT 'conversation ' || conversation.id
        FROM inbox_conversation conversation
        JOIN accounts_team team ON team.id = conversation.team_id
        WHERE team.brand_id <> conversation.brand_id AND conversation.id IN (
            SELECT conversation_id FROM inbox_message WHERE id > %(messages)s)
        UNION ALL
        SELECT 'block ' || block.id
        FROM inbox_dmblock block
        JOIN inbox_conversation conversation ON conversation.id = block.conversation_id
        WHERE block.brand_id <> conversation.brand_id
           OR block.contact_id <> conversation.contact_id
    """,
)

DELETED_IS_GONE = Invariant(
    "V10",
    "Of what was deleted on X, by whichever of its ids, no word is left: not in the message, its "
    "former forms, nor the tree; and it was cut out of the ledger in time.",
    why="""
        A post that was changed has several ids, and may be deleted by any of them: then no message
        of it lives. The bodies in the ledger are not looked into, but a quarter of an hour after a
        deletion they have been walked, and whatever told of it was cut out.
    """,
    statement="""
        WITH gone AS (
            SELECT message.* FROM inbox_message message
            WHERE deleted_at IS NOT NULL AND (
                message.id > %(messages)s OR message.id IN (
                    SELECT message_id FROM inbox_conversationevent
                    WHERE id > %(history)s AND kind = 'message_deleted'))
        )
        SELECT 'message ' || gone.id FROM gone
        WHERE gone.text <> '' OR gone.entities <> '{}' OR gone.payload IS NOT NULL
           OR EXISTS (SELECT FROM inbox_attachment WHERE message_id = gone.id)
           OR EXISTS (SELECT FROM inbox_messagerevision WHERE message_id = gone.id AND text <> '')
           OR EXISTS (SELECT FROM twitter_sync_knownpost
                      WHERE post_id = gone.external_id AND gone.kind = 'public' AND text <> '')
        UNION ALL
        SELECT 'message ' || message.id
        FROM inbox_message message
        WHERE message.id > %(messages)s AND message.kind = 'public' AND message.deleted_at IS NULL
          AND EXISTS (
            SELECT FROM twitter_sync_knownpost post
            WHERE post.availability = 'deleted' AND post.post_id IN (
                SELECT message.external_id UNION ALL
                SELECT external_id FROM inbox_messagerevision WHERE message_id = message.id))
        UNION ALL
        SELECT 'redaction ' || id FROM twitter_sync_redaction
        WHERE finished_at IS NULL AND asked_at < statement_timestamp() - interval '15 minutes'
    """,
)

DONE_ONCE = Invariant(
    "V11",
    "What a message causes happened once, and who has a conversation is who it was given to.",
    why="""
        A conversation opens once; a message is written, sent and deleted once in its history. The
        one open assignment names the assignee.
    """,
    statement="""
        SELECT 'conversation ' || conversation_id
        FROM inbox_conversationevent
        WHERE conversation_id IN (
            SELECT conversation_id FROM inbox_conversationevent WHERE id > %(history)s)
          AND kind IN ('opened', 'replied', 'sent', 'message_deleted')
          AND (kind = 'opened' OR message_id IS NOT NULL)
        GROUP BY conversation_id, kind, CASE WHEN kind <> 'opened' THEN message_id END
        HAVING count(*) > 1
        UNION ALL
        SELECT 'conversation ' || conversation.id
        FROM inbox_conversation conversation
        LEFT JOIN inbox_assignment assignment
          ON assignment.conversation_id = conversation.id AND assignment.ended_at IS NULL
        WHERE conversation.id IN (
            SELECT conversation_id FROM inbox_conversationevent
            WHERE id > %(history)s AND kind IN ('assigned', 'unassigned'))
          AND assignment.assignee_id IS DISTINCT FROM conversation.assignee_id
        GROUP BY conversation.id
    """,
)
