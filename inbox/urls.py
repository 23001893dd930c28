from django.urls import path

from inbox.views import (
    assignments,
    blocks,
    contacts,
    conversations,
    dealings,
    deletions,
    desk,
    drafts,
    enclosures,
    hidings,
    links,
    media,
    merges,
    notes,
    replies,
    reports,
    saved_replies,
    saved_reply_pages,
    statuses,
)

app_name = "inbox"

urlpatterns = [
    path("", desk.home, name="home"),
    # /desk/
    path("desk/", desk.desk, name="desk"),
    path("desk/search/", desk.search, name="search"),
    path("desk/list/", desk.listing, name="list"),
    path("desk/rows/", desk.rows, name="rows"),
    path("desk/changes/", desk.changes, name="changes"),
    # /conversations/<number>/
    path(
        "conversations/<int:number>/",
        conversations.conversation_detail,
        name="conversation-detail",
    ),
    path("conversations/<int:number>/assignment/", assignments.assignment, name="assignment"),
    path("conversations/<int:number>/status/", statuses.status, name="status"),
    path("conversations/<int:number>/spam/", statuses.spam, name="spam"),
    path("conversations/<int:number>/block/", blocks.block, name="block"),
    path("conversations/<int:number>/reach/", conversations.reach, name="reach"),
    path("conversations/<int:number>/notes/", notes.notes, name="notes"),
    path("conversations/<int:number>/drafts/", drafts.drafts, name="drafts"),
    path("conversations/<int:number>/merge/", merges.merges, name="merge"),
    path("conversations/<int:number>/links/", links.links, name="links"),
    path("conversations/<int:number>/links/<int:other>/", links.linked, name="linked"),
    # A reply is always to a thread.
    path("threads/<int:pk>/replies/", replies.replies, name="replies"),
    # What goes with it: files, before it is sent.
    path("threads/<int:pk>/enclosures/", enclosures.enclosures, name="enclosures"),
    path("enclosures/<int:pk>/", enclosures.enclosure, name="enclosure"),
    path("threads/<int:pk>/chain/", replies.chain, name="chain"),
    path("threads/<int:pk>/split/", merges.thread_split, name="split"),
    path("messages/<int:pk>/retry/", replies.message_retry, name="message-retry"),
    path("messages/<int:pk>/cancellation/", replies.message_cancel, name="message-cancel"),
    path("messages/<int:pk>/rewording/", replies.message_rewording, name="message-rewording"),
    path("messages/<int:pk>/hiding/", hidings.hiding, name="hiding"),
    path("messages/<int:pk>/deletion/", deletions.deletion, name="deletion"),
    # What a team says often.
    path("brands/<int:pk>/saved-replies/", saved_replies.saved_replies, name="saved-replies"),
    path("saved-replies/<int:pk>/", saved_replies.saved_reply, name="saved-reply"),
    # The same as pages; those of a handle begin with @, so that none is taken for a number.
    path("saved-replies/", saved_reply_pages.home, name="saved-replies-home"),
    path("saved-replies/@<str:handle>/", saved_reply_pages.listing, name="saved-replies-of"),
    path("saved-replies/@<str:handle>/new/", saved_reply_pages.new, name="saved-reply-new"),
    path("saved-replies/@<str:handle>/<int:pk>/", saved_reply_pages.edit, name="saved-reply-edit"),
    path(
        "saved-replies/@<str:handle>/<int:pk>/removal/",
        saved_reply_pages.removal,
        name="saved-reply-removal",
    ),
    # What came of inviting people: a page, and a spreadsheet.
    path("reports/handoffs/", reports.handoffs, name="handoffs"),
    path("reports/handoffs.csv", reports.handoffs_csv, name="handoffs-csv"),
    # Pictures and films: the files themselves, and another try at one.
    path("media/<slug:key>/", media.media, name="media"),
    path("attachments/<int:pk>/retry/", media.attachment_retry, name="attachment-retry"),
    # The person behind conversations.
    path("contacts/<int:pk>/", contacts.contact, name="contact"),
    path("contacts/<int:pk>/timeline/", dealings.contact_timeline, name="contact-timeline"),
]
