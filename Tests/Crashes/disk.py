"""A small file system in memory that can be made full. Only root can have one."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

SIZE = 256 << 20


class SmallDisk:
    """Mounted at `folder` as long as a `with` lasts."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.mount("-t", "tmpfs", "-o", f"size={SIZE}", "muster-crashes")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @contextmanager
    def room(self, size):
        """It takes so many bytes more, and no more."""
        status = os.statvfs(self.folder)
        used = (status.f_blocks - status.f_bfree) * status.f_frsize
        self.mount("-o", f"remount,size={max(4096, used + size)}")
        try:
            yield
        finally:
            self.mount("-o", f"remount,size={SIZE}")

    def mount(self, *arguments):
        subprocess.run(["mount", *arguments, str(self.folder)], check=True, capture_output=True, text=True)


def is_possible(scratch: Path):
    """Whether this machine lets us mount one."""
    if os.geteuid() != 0:
        return False
    try:
        with SmallDisk(scratch / "try"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
