"""Users."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from hotline.ports import User
from hotline.stores import rows, tables


class UserRows:
    """The part of a unit of work that deals with users."""

    _connection: Connection

    def user(self, user_id: str) -> User | None:
        """Return a user by id."""
        row = self._connection.execute(select(tables.users).where(tables.users.c.id == user_id)).first()
        return rows.to_user(row) if row else None

    def user_by_name(self, username: str) -> User | None:
        """Return a user by log-in name."""
        row = self._connection.execute(select(tables.users).where(tables.users.c.username == username)).first()
        return rows.to_user(row) if row else None

    def users(self) -> list[User]:
        """Return all users by name."""
        query = select(tables.users).order_by(tables.users.c.username)
        return [rows.to_user(row) for row in self._connection.execute(query)]

    def save_user(self, user: User) -> None:
        """Store a new or changed user."""
        values = rows.user_row(user)
        done = self._connection.execute(update(tables.users).where(tables.users.c.id == user.id).values(**values))
        if not done.rowcount:
            self._connection.execute(insert(tables.users), values)
