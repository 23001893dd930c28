from inbox.models.assignment import Assignment
from inbox.models.attachment import Attachment
from inbox.models.chain import ChainPart
from inbox.models.contact import Contact, ContactHandle
from inbox.models.conversation import Conversation
from inbox.models.deletion import Deletion
from inbox.models.dm_block import DmBlock
from inbox.models.draft import Draft
from inbox.models.enclosure import Enclosure
from inbox.models.event import ConversationEvent
from inbox.models.handoff import Handoff
from inbox.models.hiding import Hiding
from inbox.models.link import Link
from inbox.models.media_file import MediaFile
from inbox.models.merge import Merge
from inbox.models.message import Message
from inbox.models.note import Note
from inbox.models.opt_out import OptOut
from inbox.models.revision import MessageRevision
from inbox.models.saved_reply import SavedReply
from inbox.models.saved_reply_use import SavedReplyUse
from inbox.models.thread import Thread

__all__ = [
    "Assignment",
    "Attachment",
    "ChainPart",
    "Contact",
    "ContactHandle",
    "Conversation",
    "ConversationEvent",
    "Deletion",
    "DmBlock",
    "Draft",
    "Enclosure",
    "Handoff",
    "Hiding",
    "Link",
    "MediaFile",
    "Merge",
    "Message",
    "MessageRevision",
    "Note",
    "OptOut",
    "SavedReply",
    "SavedReplyUse",
    "Thread",
]
