"""Which process owns a live call or a running job, and whether it is still there."""

from __future__ import annotations

import os
import socket

import psutil


def owner_of_this_process() -> str:
    """Name this process on this host so that a later one with the same number is another."""
    process = psutil.Process(os.getpid())
    return f"{socket.gethostname()}/{process.pid}/{process.create_time():.2f}"


def is_gone(owner: str) -> bool:
    """Say whether the owner was a process of this host that no longer runs; other hosts' are never gone."""
    host, pid, created = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != created or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
