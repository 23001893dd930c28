"""Where the files lie: a folder of this machine, or a bucket that speaks S3.

Both are Django storages that can also read a part of a file, so that nobody who looks into a film
has all of it fetched first.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files import File
from django.core.files.storage import FileSystemStorage

PIECE_BYTES = 256 * 1024


class Folder(FileSystemStorage):
    def part(self, name: str, first: int, count: int) -> Iterator[bytes]:
        """`count` bytes from the byte `first` on. Raises FileNotFoundError before the first."""
        return pieces(self.open(name), first, count)

    def names(self, shelf: str) -> Iterator[str]:
        """Of the files on one shelf, as they were saved."""
        if self.exists(shelf):
            yield from (f"{shelf}/{name}" for name in self.listdir(shelf)[1])


def pieces(file: File[bytes], first: int, count: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while count > 0 and (piece := file.read(min(PIECE_BYTES, count))):
            count -= len(piece)
            yield piece
