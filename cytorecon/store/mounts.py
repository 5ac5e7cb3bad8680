"""Tell whether a folder lies on a network share.

SQLite's write-ahead log needs memory shared by all its users, which a network share does not
give; SQLite's own documentation (wal.html, section 1) rules it out.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

_NETWORK: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.cephfs",
    }
)
_MOUNTINFO: Final = Path("/proc/self/mountinfo")


def network_filesystem(folder: Path, mountinfo: str) -> str:
    r"""Return the type of the network file system that `folder` lies on, or an empty string.

    Parameters
    ----------
    folder : Path
        Absolute, without symbolic links.
    mountinfo : str
        Text of Linux' ``/proc/self/mountinfo`` (proc(5)).

    Examples
    --------
    >>> table = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 0:9 / /home rw - nfs4 srv:/home rw"
    >>> network_filesystem(Path("/home/lab/study"), table)
    'nfs4'
    >>> network_filesystem(Path("/data/study"), table)
    ''
    """
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, rest = left.split(), right.split()
        if len(fields) < 5 or not rest:
            continue
        # proc(5): space, tab, newline and backslash are written as three octal digits.
        point = PurePosixPath(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        # Of two mounts on one point, the later line is the one on top.
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), rest[0]
    return kind if kind in _NETWORK else ""


def network_filesystem_of(folder: Path) -> str:
    """Return the type of the network file system under `folder`, or an empty string.

    Only Linux tells; elsewhere the answer is empty.
    """
    try:
        mountinfo = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    return network_filesystem(folder.resolve(), mountinfo)
