"""The audit trail: append-only, each row sealed with a hash over itself and the row before."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from hotline.ports import Clock
from hotline.stores import tables

FIRST = "0" * 64
POSTGRESQL_LOCK = 96110


class AuditRows:
    """The part of a unit of work that writes and checks the trail."""

    _connection: Connection
    _clock: Clock

    def audit(self, actor: str, action: str, target: str, detail: str = "", ok: bool = True) -> None:
        """Append a row. `detail` must hold no personal data."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRESQL_LOCK})
        newest = select(tables.audit.c.hash).order_by(tables.audit.c.id.desc()).limit(1)
        row = {
            "at": self._clock(),
            "actor": actor[:60],
            "action": action[:40],
            "target": target[:100],
            "detail": detail[:300],
            "ok": ok,
            "previous": self._connection.execute(newest).scalar() or FIRST,
        }
        self._connection.execute(insert(tables.audit), {**row, "hash": seal(row)})

    def audit_trail(self, limit: int = 200, before: int | None = None) -> list[dict[str, Any]]:
        """Return the newest audit rows, of those with an id below `before` if given."""
        query = select(tables.audit).order_by(tables.audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(tables.audit.c.id < before)
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def verify_audit(self) -> int | None:
        """Return the id of the first row that was changed, removed or inserted; None when all is well."""
        previous = FIRST
        for row in self._connection.execute(select(tables.audit).order_by(tables.audit.c.id)):
            values = dict(row._mapping)
            if values["previous"] != previous or seal(values) != values["hash"]:
                return int(values["id"])
            previous = values["hash"]
        return None


def seal(row: dict[str, Any]) -> str:
    """Return the hash of a row with the hash of the row before."""
    at: datetime = row["at"]
    parts = [at.isoformat(), *(row[name] for name in ("actor", "action", "target", "detail", "ok", "previous"))]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
