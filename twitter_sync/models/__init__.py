from twitter_sync.models.api_call import ApiCall
from twitter_sync.models.audit import Audit
from twitter_sync.models.backfill import Backfill
from twitter_sync.models.compliance_job import ComplianceJob
from twitter_sync.models.connection import Connection
from twitter_sync.models.conversation_search import ConversationSearch
from twitter_sync.models.erasure import Erasure
from twitter_sync.models.known_post import KnownPost
from twitter_sync.models.last_heard import LastHeard
from twitter_sync.models.media_upload import MediaUpload
from twitter_sync.models.missed_push import MissedPush
from twitter_sync.models.price import Price
from twitter_sync.models.rate_budget import RateBudget
from twitter_sync.models.raw_event import RawEvent
from twitter_sync.models.reach import Reach
from twitter_sync.models.redaction import Redaction
from twitter_sync.models.replay import Replay
from twitter_sync.models.rhythm import QuietSpell, Rhythm
from twitter_sync.models.send_attempt import SendAttempt
from twitter_sync.models.spending import Spending
from twitter_sync.models.stream_lease import StreamLease
from twitter_sync.models.stream_rule import StreamRule
from twitter_sync.models.subscription import Subscription
from twitter_sync.models.sync_cursor import SyncCursor
from twitter_sync.models.sync_gap import SyncGap
from twitter_sync.models.usage import ReadToday, Usage
from twitter_sync.models.webhook import Webhook

__all__ = [
    "ApiCall",
    "Audit",
    "Backfill",
    "ComplianceJob",
    "Connection",
    "ConversationSearch",
    "Erasure",
    "KnownPost",
    "LastHeard",
    "MediaUpload",
    "MissedPush",
    "Price",
    "QuietSpell",
    "RateBudget",
    "RawEvent",
    "Reach",
    "ReadToday",
    "Redaction",
    "Replay",
    "Rhythm",
    "SendAttempt",
    "Spending",
    "StreamLease",
    "StreamRule",
    "Subscription",
    "SyncCursor",
    "SyncGap",
    "Usage",
    "Webhook",
]
