"""How long a supervisor waits for a search: a million segments in SQLite, found by pairs of characters.

    python -m benchmarks.search_latency [--segments 1000000] [--database FILE]

Compared in the same run with what one would do without an index: `LIKE` on the same table. The texts are the turns
of the classifier's calls, repeated; each call starts a minute after the one before.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from tqdm import tqdm

from benchmarks.report import percentile, show
from classifiers.dataset import read_calls
from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.domain.call import Call, CallState, Disposition
from hotline.domain.risk import RiskLevel
from hotline.domain.segment import Segment
from hotline.search_ports import CallFilter
from hotline.stores import SqlStore, migrate, rows, tables
from hotline.stores.search import pairs
from hotline.stores.search_numbers import SEGMENT_BITS, first_call_number
from hotline.taxonomy import load_taxonomy

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = ("转账", "客服", "银行", "验证码", "我", "公安", "冻结", "贷款", "安全账户", "屏幕共享")
TYPES = sorted(load_taxonomy().codes)
RISKS = (RiskLevel.URGENT, RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.LOW, RiskLevel.LOW)
QUERIES = 200
LIKE_QUERIES = 12


def build(store: SqlStore, segments: int) -> None:
    """Fill the store the quick way: the rows that `add_call` and `add_segment` would write."""
    labelled = read_calls()
    rng = random.Random(1)
    number = 0
    with tqdm(total=segments, unit="段", disable=None) as bar:
        while number < segments:
            with store.transaction() as uow:
                for _ in range(200):
                    source = rng.choice(labelled)
                    call_id = f"c{number}"
                    started = START + timedelta(seconds=number * 4)
                    call = Call(
                        call_id,
                        "file",
                        started,
                        CallState.ENDED,
                        f"u{rng.randrange(40)}",
                        label=source.label,
                        risk=rng.choice(RISKS),
                        disposition=rng.choice(list(Disposition)),
                    )
                    first = first_call_number(started)
                    facts = {"owner": "x/1/0.00", "last_seq": 0, "number": first}
                    facts["at_risk_fen"] = int(100 * rng.lognormvariate(8, 2))
                    connection: Any = uow._connection
                    connection.execute(insert(tables.calls), {**rows.call_row(call), **facts})
                    stored, numbers, grams = [], [], []
                    for position, turn in enumerate(source.turns):
                        number += 1
                        segment = Segment(
                            f"s{number}", call_id, turn.speaker, turn.text, turn.text, position * 5, position * 5 + 4
                        )
                        stored.append(rows.segment_row(segment))
                        place = (first << SEGMENT_BITS) + position
                        numbers.append({"id": place, "segment_id": segment.id, "call_id": call_id})
                        grams.append({"number": place, "grams": " ".join(pairs(turn.text))})
                    connection.execute(insert(tables.segments), stored)
                    connection.execute(insert(tables.searchable), numbers)
                    connection.execute(text("INSERT INTO segment_grams (rowid, grams) VALUES (:number, :grams)"), grams)
                    bar.update(len(stored))


def queries(count: int) -> dict[str, list[CallFilter]]:
    """Return searches by kind: pieces of real turns, frequent words, and both with other conditions."""
    rng = random.Random(2)
    turns = [turn.text for call in read_calls() for turn in call.turns if len(turn.text) > 12]

    def piece(length: int) -> str:
        turn = rng.choice(turns)
        start = rng.randrange(len(turn) - length)
        found = turn[start : start + length]
        return found if pairs(found) else piece(length)

    def week() -> dict[str, Any]:
        since = START + timedelta(days=rng.randrange(38))
        return {"since": since, "until": since + timedelta(days=7)}

    operators = [f"u{number}" for number in range(40)]
    filters: dict[str, Callable[[], dict[str, Any]]] = {
        "one type": lambda: {"label": rng.choice(TYPES)},
        "one risk": lambda: {"risk": rng.choice(RISKS)},
        "one operator": lambda: {"operator_id": rng.choice(operators)},
        "one outcome": lambda: {"disposition": str(rng.choice(list(Disposition)))},
        "one week": week,
        "an amount": lambda: {"amount_yuan_from": rng.choice((1_000, 50_000, 1_000_000))},
        "all of these": lambda: {
            "label": rng.choice(TYPES),
            "risk": "低",
            "operator_id": rng.choice(operators),
            "disposition": str(rng.choice(list(Disposition))),
            "amount_yuan_from": 1_000,
            **week(),
        },
    }
    return {
        "two characters": [CallFilter(piece(2)) for _ in range(count)],
        "three to six characters": [CallFilter(piece(rng.randint(3, 6))) for _ in range(count)],
        "frequent words": [CallFilter(rng.choice(COMMON)) for _ in range(count)],
        **{
            f"frequent word, {name}": [CallFilter(rng.choice(COMMON), **facts()) for _ in range(count)]
            for name, facts in filters.items()
        },
        **{f"no text, {name}": [CallFilter(**facts()) for _ in range(count)] for name, facts in filters.items()},
    }


def timed(run: Callable[[], object]) -> float:
    """Return milliseconds."""
    before = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--database", type=Path, help="filled when it is missing, kept, and used again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = arguments.database or Path(folder) / "search.db"
        filled = database.exists()
        url = f"sqlite:///{database}"
        migrate(url)
        store = SqlStore(url, LocalBus(), utc_now)
        if not filled:
            build(store, arguments.segments)
        result = []
        for kind, wanted in queries(QUERIES).items():
            with store.transaction() as uow:
                times = [timed(lambda w=w: uow.find_calls(w)) for w in wanted]  # type: ignore[misc]
            result.append(_row(kind, times))
        with store.transaction() as uow:
            connection: Any = uow._connection
            like = text("SELECT id FROM segments WHERE text LIKE :pattern ORDER BY start_s DESC LIMIT 400")
            times = [
                timed(lambda w=w: connection.execute(like, {"pattern": f"%{w.text}%"}).all())  # type: ignore[misc]
                for w in queries(LIKE_QUERIES)["two characters"]
            ]
        result.append(_row("two characters, LIKE", times))
        store.close()
        show(f"search in {arguments.segments:,} segments, {database.stat().st_size / 1e6:.0f} MB", result)


def _row(kind: str, times: list[float]) -> dict[str, Any]:
    return {
        "search": kind,
        "queries": len(times),
        "p50_ms": statistics.median(times),
        "p95_ms": percentile(times, 95),
        "max_ms": max(times),
    }


if __name__ == "__main__":
    main()
