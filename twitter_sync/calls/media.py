"""Media of direct messages, which only the handle itself may fetch, and uploads in pieces
(reference: x-api §3.3, §4)."""

from __future__ import annotations

import re
from typing import BinaryIO

from twitter_sync import answers
from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls
from twitter_sync.errors import XError

# Where X says that the media of a direct message are; it answers nobody there. Names of files are
# base64 for addresses: any letter of that may be the first, but no dot, which would lead upwards.
DM_MEDIA = re.compile(
    r"https://ton\.(?:twitter|x)\.com/(?:1\.1|i)/ton/data/dm/"
    r"(?P<message>\d{1,19})/(?P<media>\d{1,19})/(?P<resource>[\w-][\w.:-]{0,199})(?:\?.*)?",
    re.ASCII,
)
UPLOAD = "/2/media/upload"
# A worker's task ends within two minutes (CELERY_TASK_TIME_LIMIT).
DOWNLOAD_SECONDS = 60.0
PIECE_SECONDS = 60.0
LARGEST_DOWNLOAD = 64 * 1024 * 1024


class NoDmMedia(XError):
    """The address is none of a direct message's media: no call was made."""

    default_reason = "This is not the address of a file in a direct message."


class MediaCalls(Calls):
    def download_dm_media(
        self, url: str, into: BinaryIO, *, max_bytes: int = LARGEST_DOWNLOAD
    ) -> str:
        """Copies what `url` of a direct message stands for; returns its content type, "" if untold.

        Raises TooLarge beyond `max_bytes`, NoDmMedia for other addresses.
        """
        found = DM_MEDIA.fullmatch(url)
        if found is None:
            raise NoDmMedia(endpoint="dm_media")
        route = "/2/dm_conversations/media/{message}/{media}/{resource}".format(**found.groupdict())
        reply = self.exchange("GET", route, within=DOWNLOAD_SECONDS, into=into, max_bytes=max_bytes)
        return reply.headers.get("content-type", "").partition(";")[0].strip().lower()

    def initialize_upload(self, media_type: str, *, category: str, total_bytes: int) -> Answer:
        body = {"media_type": media_type, "media_category": category, "total_bytes": total_bytes}
        return self.request("POST", f"{UPLOAD}/initialize", json=body)

    def append_upload(self, upload_id: str, *, index: int, piece: bytes) -> Answer:
        """The piece at place `index`, counted from 0, at most 999."""
        reply = self.exchange(
            "POST",
            f"{UPLOAD}/{upload_id}/append",
            within=PIECE_SECONDS,
            data={"segment_index": str(index)},
            files={"media": ("piece", piece, "application/octet-stream")},
        )
        return answers.read(reply, endpoint="upload_append")

    def describe_upload(self, upload_id: str, *, alt_text: str) -> Answer:
        """For those who can't see it: at most 1,000 characters, before it is sent."""
        body = {"id": upload_id, "metadata": {"alt_text": {"text": alt_text}}}
        return self.request("POST", "/2/media/metadata", json=body)

    def finalize_upload(self, upload_id: str) -> Answer:
        """With `processing_info` in `data` while X still works on it."""
        return self.request("POST", f"{UPLOAD}/{upload_id}/finalize")

    def upload_status(self, upload_id: str) -> Answer:
        return self.request("GET", UPLOAD, params={"command": "STATUS", "media_id": upload_id})
