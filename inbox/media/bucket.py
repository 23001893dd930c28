"""Media in a bucket that speaks S3, for more machines than one (`HANDLED_MEDIA_BUCKET`).

The bucket is to be private: pages read from it for who may see a file, as they do from a folder.
Keys come from AWS's own variables, or from the role of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError
from django.core.files.base import File
from django.core.files.storage import Storage

from inbox.media.storages import PIECE_BYTES

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 20, 3
GONE = {"NoSuchKey", "404"}


class Bucket(Storage):
    def __init__(self, *, bucket: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is where the bucket is when it is not Amazon's."""
        self.bucket, self.region, self.endpoint = bucket, region, endpoint

    @cached_property
    def client(self) -> Any:
        """Made where it is used first: not before a worker has forked."""
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            # Names of hosts below an endpoint of one's own are seldom set up.
            s3={"addressing_style": "path" if self.endpoint else "auto"},
            # Amazon's newest checks are unknown to others.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        where = {"region_name": self.region, "endpoint_url": self.endpoint or None}
        return boto3.client("s3", config=config, **where)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Names are random: nobody has to be asked whether one is taken."""
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        self.client.put_object(Bucket=self.bucket, Key=name, Body=content.file)
        return name

    def delete(self, name: str) -> None:
        """One that is gone already is no error, to S3 either."""
        self.client.delete_object(Bucket=self.bucket, Key=name)

    def part(self, name: str, first: int, count: int) -> Iterator[bytes]:
        """`count` bytes from the byte `first` on. Raises FileNotFoundError before the first."""
        if count == 0:
            return iter(())
        asked = {"Bucket": self.bucket, "Key": name, "Range": f"bytes={first}-{first + count - 1}"}
        try:
            body = self.client.get_object(**asked)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                raise FileNotFoundError(name) from None
            raise
        pieces: Iterator[bytes] = body.iter_chunks(PIECE_BYTES)
        return pieces

    def names(self, shelf: str) -> Iterator[str]:
        """Of the objects on one shelf, as they were saved."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{shelf}/"):
            yield from (found["Key"] for found in page.get("Contents", []))
