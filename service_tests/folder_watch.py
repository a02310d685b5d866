"""What is written below some folders while somebody watches, by inotify: also a file that is gone again at once."""

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_WRITES: Final = 0x2 | 0x100 | 0x80  # modified, created, moved to here: <sys/inotify.h>
_EVENT: Final = struct.Struct("iIII")
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class FolderWatch:
    """The files that were written, in `written`."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.file = _LIBC.inotify_init1(os.O_NONBLOCK)
        every = [each for folder in folders for each in (folder, *folder.rglob("*")) if each.is_dir()]
        self._paths = {_LIBC.inotify_add_watch(self.file, bytes(path), _WRITES): path for path in every}
        if self.file < 0 or -1 in self._paths:
            raise OSError(ctypes.get_errno(), "inotify")

    def written(self) -> set[Path]:
        """What was written since the last time."""
        try:
            events = os.read(self.file, 1 << 20)
        except BlockingIOError:
            return set()
        return set(self._named(events))

    def _named(self, events: bytes) -> Iterator[Path]:
        place = 0
        while place < len(events):
            watch, _mask, _cookie, length = _EVENT.unpack_from(events, place)
            place += _EVENT.size + length
            yield self._paths[watch] / os.fsdecode(events[place - length : place].rstrip(b"\0"))


@contextmanager
def watched(*folders: Path) -> Iterator[FolderWatch]:
    """Watch these folders, and those that are in them now."""
    watch = FolderWatch(folders)
    try:
        yield watch
    finally:
        os.close(watch.file)
