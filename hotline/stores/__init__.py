"""Adapters that keep things: the SQL database and the recordings."""

from hotline.stores.migrate import migrate
from hotline.stores.store import SqlStore

__all__ = ["SqlStore", "migrate"]
