-- Everything the simulator knows. Ids are 64-bit integers here and text on the wire;
-- times are milliseconds since 1970; tokens are kept as hashes only.

CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    location TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    brand INTEGER NOT NULL DEFAULT 0,
    open_dms INTEGER NOT NULL DEFAULT 1,
    locked INTEGER NOT NULL DEFAULT 0,
    protected INTEGER NOT NULL DEFAULT 0,
    verified_type TEXT NOT NULL DEFAULT 'none',
    created_ms INTEGER NOT NULL,
    long_posts INTEGER NOT NULL DEFAULT 0,
    account TEXT NOT NULL DEFAULT 'active'
);

CREATE INDEX IF NOT EXISTS users_by_kind ON users (brand, username_key);
CREATE INDEX IF NOT EXISTS users_protected ON users (id) WHERE protected;

CREATE TABLE IF NOT EXISTS relations (
    source_id INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('following', 'blocking', 'muting')),
    PRIMARY KEY (source_id, target_id, kind)
) WITHOUT ROWID;

-- Whose messages a person refuses, apart from blocking the account.
CREATE TABLE IF NOT EXISTS dm_blocks (
    user_id INTEGER NOT NULL,
    other_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS dms (
    id INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    sender_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    entities TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('api', 'app', 'load')),
    media_ids TEXT NOT NULL DEFAULT '[]',
    -- In a group: no recipient, and somebody may have joined or left.
    event_type TEXT NOT NULL DEFAULT 'MessageCreate',
    participant_ids TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS dms_of_conversation ON dms (conversation_id, id);
CREATE INDEX IF NOT EXISTS dms_of_sender ON dms (sender_id, recipient_id);

-- Who sees which message: deleting one removes it from one's own box only.
CREATE TABLE IF NOT EXISTS dm_boxes (
    user_id INTEGER NOT NULL,
    dm_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, dm_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS group_members (
    group_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;

-- Encrypted chats: of two people (`A:B`) or a group (`g…`). What a pair whose chat is upgraded writes
-- to each other is no direct message any more.
CREATE TABLE IF NOT EXISTS chats (
    name TEXT PRIMARY KEY,
    group_name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    upgraded INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS chat_members (
    user_id INTEGER NOT NULL,
    chat TEXT NOT NULL,
    PRIMARY KEY (user_id, chat)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_of_chat ON chat_members (chat);

-- The text is what only phones can read: X carries what is encoded.
CREATE TABLE IF NOT EXISTS chat_events (
    id INTEGER PRIMARY KEY,
    chat TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'key', 'join')),
    message_id TEXT NOT NULL UNIQUE,
    sender_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    key_version TEXT NOT NULL,
    encoded TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    previous_id INTEGER
);
CREATE INDEX IF NOT EXISTS events_of_chat ON chat_events (chat, id);

CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    entities TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    in_reply_to_post_id INTEGER,
    in_reply_to_user_id INTEGER,
    quoted_post_id INTEGER,
    display_start INTEGER NOT NULL,
    display_end INTEGER NOT NULL,
    lang TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('api', 'app', 'load')),
    deleted_ms INTEGER,
    -- Changed by its author: the ids it had before (JSON, oldest first), the id it has now.
    earlier_ids TEXT NOT NULL DEFAULT '[]',
    replaced_by INTEGER,
    reposted_post_id INTEGER,
    -- All of a long post, as JSON with its text and entities; `text` has its beginning.
    note TEXT NOT NULL DEFAULT '',
    media_ids TEXT NOT NULL DEFAULT '[]'
);
DROP INDEX IF EXISTS posts_of_author;
CREATE INDEX IF NOT EXISTS posts_there_of_author ON posts (author_id, id) WHERE deleted_ms IS NULL;
-- What is in a timeline without its answers.
CREATE INDEX IF NOT EXISTS roots_there_of_author ON posts (author_id, id)
    WHERE deleted_ms IS NULL AND replaced_by IS NULL AND in_reply_to_post_id IS NULL;
-- Whether somebody says the same again.
CREATE INDEX IF NOT EXISTS posts_said ON posts (author_id, length(text), id)
    WHERE deleted_ms IS NULL;
CREATE INDEX IF NOT EXISTS posts_of_conversation ON posts (conversation_id, id);
CREATE INDEX IF NOT EXISTS replies_of_post ON posts (in_reply_to_post_id)
    WHERE in_reply_to_post_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS posts_to_user ON posts (in_reply_to_user_id)
    WHERE in_reply_to_user_id IS NOT NULL;

-- Every word of a post once, without accents: where a search begins.
CREATE TABLE IF NOT EXISTS post_words (
    word TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    PRIMARY KEY (word, post_id)
) WITHOUT ROWID;

-- Answers that the author of the conversation has put out of sight.
CREATE TABLE IF NOT EXISTS hidden_posts (
    post_id INTEGER PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS post_mentions (
    user_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    explicit INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mentions_of_post ON post_mentions (post_id);

CREATE TABLE IF NOT EXISTS media (
    id INTEGER PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    category TEXT NOT NULL,
    media_type TEXT NOT NULL,
    total_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    finalized_ms INTEGER,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    is_whole INTEGER NOT NULL DEFAULT 0,
    alt_text TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS media_segments (
    media_id INTEGER NOT NULL,
    segment_index INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (media_id, segment_index)
);

CREATE TABLE IF NOT EXISTS authorization_codes (
    code_hash TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_ms INTEGER
) WITHOUT ROWID;

-- One consent of one person; every token that descends from it is its family.
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    scope TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
);

CREATE TABLE IF NOT EXISTS access_tokens (
    token_hash TEXT PRIMARY KEY,
    grant_id INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    grant_id INTEGER NOT NULL,
    used_ms INTEGER
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS webhooks (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    valid INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    -- When it last passed a challenge.
    validated_ms INTEGER
);

-- What was announced to a webhook within a span comes again. A running one begins anew after a
-- restart.
CREATE TABLE IF NOT EXISTS replay_jobs (
    id INTEGER PRIMARY KEY,
    webhook_id INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete')),
    delivered INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    done_ms INTEGER
);

CREATE TABLE IF NOT EXISTS compliance_jobs (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('tweets', 'users')),
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    secret TEXT NOT NULL UNIQUE,
    asked TEXT,
    uploaded_ms INTEGER
);

CREATE TABLE IF NOT EXISTS subscriptions (
    id INTEGER PRIMARY KEY,
    event_type TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    direction TEXT NOT NULL DEFAULT '',
    tag TEXT NOT NULL DEFAULT '',
    webhook_id INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (user_id, event_type, direction)
);

-- The ledger of deliveries. A pending one is sent again after a restart.
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    direction TEXT NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dropped', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    queued_ms INTEGER NOT NULL,
    done_ms INTEGER,
    -- How many times this event was sent to this webhook, with this one; and what befell it.
    attempt INTEGER NOT NULL DEFAULT 1,
    fault TEXT NOT NULL DEFAULT '',
    due_ms INTEGER NOT NULL DEFAULT 0,
    -- Of one that came again because the app asked for what it missed.
    replay_job_id INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deliveries_of_subject ON deliveries (subject_id, event_type);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_of_webhook ON deliveries (webhook_id, queued_ms);

-- What was announced within the last day, for streams that missed it.
CREATE TABLE IF NOT EXISTS happenings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_type TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS happenings_at ON happenings (at_ms);

CREATE TABLE IF NOT EXISTS stream_rules (
    id INTEGER PRIMARY KEY,
    value TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL
);

-- Streams that are open (of this run of the program) and those that were.
CREATE TABLE IF NOT EXISTS connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    address TEXT NOT NULL,
    connected_ms INTEGER NOT NULL,
    disconnected_ms INTEGER,
    reason TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    user_id INTEGER,
    fault TEXT NOT NULL DEFAULT '',
    -- Of an accepted write: what it made or changed; 0 where that is no one thing.
    subject_id INTEGER
);
CREATE INDEX IF NOT EXISTS calls_passing ON calls (id) WHERE subject_id IS NULL;

-- What is to go wrong: see faults/.
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    struck INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS quota_windows (
    bucket TEXT NOT NULL,
    holder TEXT NOT NULL,
    span_ms INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (bucket, holder, span_ms)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS switches (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
