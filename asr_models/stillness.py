"""Telling a process that hangs from one that only waits for a processor: by what the kernel says of its threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RUNNING = "R"
AFTER_NAME = ") "
STATE_FIELD, USER_FIELD, SYSTEM_FIELD = 0, 11, 12
"""Places in `/proc/PID/task/TID/stat` behind the thread's name, see proc_pid_stat(5)."""


@dataclass(frozen=True)
class ThreadState:
    """One thread at one moment."""

    state: str
    """`R` while it runs or waits for a processor, `S` asleep, `D` in the kernel, `T` stopped."""
    ticks: int
    """Processor time used so far."""


def thread_states(pid: int | str, only: Iterable[int] | None = None) -> dict[int, ThreadState]:
    """Return the threads of a process, or some of them; empty where there is no Linux `/proc`."""
    folder = Path(f"/proc/{pid}/task")
    names = [str(thread) for thread in only] if only is not None else _names(folder)
    found = {}
    for name in names:
        try:
            fields = (folder / name / "stat").read_text().rpartition(AFTER_NAME)[2].split()
        except OSError:
            continue  # the thread has ended
        found[int(name)] = ThreadState(fields[STATE_FIELD], int(fields[USER_FIELD]) + int(fields[SYSTEM_FIELD]))
    return found


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


LOOKS_APART_S = 0.5
"""Looks that are farther apart prove nothing: whoever looks was kept from it, and so may the threads have been."""


class Stillness:
    """For how long threads have neither worked nor wanted to. Look at it several times a second."""

    def __init__(self) -> None:
        self._ticks = -1
        self._since: float | None = None
        self._looked_at = 0.0

    def seconds(self, threads: dict[int, ThreadState], now: float) -> float:
        """Take the threads as they are at `now` (seconds) and return how long they have been still; 0 if unknown."""
        ticks = sum(thread.ticks for thread in threads.values())
        moves = not threads or ticks != self._ticks or any(t.state == RUNNING for t in threads.values())
        moves = moves or now - self._looked_at > LOOKS_APART_S
        self._ticks, self._looked_at = ticks, now
        if moves:
            self._since = None
        elif self._since is None:
            self._since = now
        return 0.0 if self._since is None else now - self._since
