"""Where audio belongs in time, when only its arrival is known and the peer's clock is not ours.

Audio cannot end after it arrived, and over some seconds the least delay of arrival is steady. So the smallest lag
(arrival minus the end of the placed audio) in each window should be zero; what it differs by is clock drift, and is
mended by dropping or doubling single samples. A lag that appears at once is a hole, unless a burst fills it.
"""

from __future__ import annotations

WINDOW_S = 5.0
SETTLE_S = 0.1
"""How long a burst after a pause may take to fill it."""
HOLE_S = 0.25
"""A lag above this is looked at at once, smaller ones at the end of the window."""
STEP_S = 0.04
"""Lags above this become a gap, smaller ones are mended sample by sample."""
BULK_S = 0.5
"""Audio so far ahead of its arrival is not live: a file sent fast. It keeps its own time."""


class StreamClock:
    """Times of one stream in seconds. Not thread-safe."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self.bulk = False
        self._window_end_s: float | None = None
        self._least_s = 0.0
        self._settle_end_s: float | None = None

    @property
    def settling(self) -> bool:
        """Whether audio must be held until it is known if a burst fills the hole."""
        return self._settle_end_s is not None

    def observe(self, arrival_s: float, lag_s: float, *, mending: bool = False) -> tuple[float, float]:
        """Note audio that arrived; return (hole, slip): seconds to leave out before it, seconds to mend slowly.

        A positive slip asks for more audio than was sent (the peer's clock is slow), a negative one for less.
        While one is being mended the window begins anew.
        """
        if self._window_end_s is None or (mending and not self.settling):
            self._begin(arrival_s, lag_s)
        self._least_s = min(self._least_s, lag_s)
        if lag_s < -BULK_S and not self._timed:
            self.bulk = True
        if self.bulk:
            self._settle_end_s = None
            return 0.0, 0.0
        if self._settle_end_s is not None:
            return self._settle(arrival_s, lag_s)
        if lag_s > HOLE_S and not self._timed:
            self._settle_end_s = arrival_s + SETTLE_S
            self._begin(arrival_s, lag_s)
            return 0.0, 0.0
        if arrival_s < (self._window_end_s or 0.0):
            return 0.0, 0.0
        least_s = self._least_s
        self._begin(arrival_s, lag_s)
        if least_s > (HOLE_S if self._timed else STEP_S):
            return self._hole(least_s), 0.0
        return 0.0, least_s

    def restart(self) -> None:
        """Forget what was observed."""
        self._window_end_s = self._settle_end_s = None

    def _settle(self, arrival_s: float, lag_s: float) -> tuple[float, float]:
        assert self._settle_end_s is not None
        if lag_s <= STEP_S:
            self._settle_end_s = None
        elif arrival_s >= self._settle_end_s:
            self._settle_end_s = None
            return self._hole(min(self._least_s, lag_s)), 0.0
        return 0.0, 0.0

    def _hole(self, seconds: float) -> float:
        self._window_end_s = None
        return seconds

    def _begin(self, arrival_s: float, lag_s: float) -> None:
        self._window_end_s = arrival_s + WINDOW_S
        self._least_s = lag_s
