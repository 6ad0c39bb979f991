"""`python -m hotline api-key create | list | revoke`: keys of the CTI API for who has a shell and no browser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hotline.config import Config
from hotline.domain.integration import Scope

if TYPE_CHECKING:
    from hotline.hub import Hub

ACTOR = "shell"
"""How the audit trail names this way in."""


def add_commands(commands: Any) -> None:
    """Add `api-key` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser("api-key", help="keys of the CTI API 接口密钥")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key and print it, this once 新建")
    create.add_argument("name", help="which system it is for")
    create.add_argument("--scope", action="append", required=True, choices=list(Scope), help="may be repeated")
    create.set_defaults(run=_create)
    actions.add_parser("list", help="all keys, without their secrets 列出").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="end a key for good 吊销")
    revoke.add_argument("id")
    revoke.set_defaults(run=_revoke)


def _create(arguments: argparse.Namespace) -> int:
    from hotline.integration import create_api_key

    with _hub() as hub:
        print(create_api_key(hub, ACTOR, arguments.name, arguments.scope)[1])
    return 0


def _list(_: argparse.Namespace) -> int:
    with _hub() as hub, hub.store.transaction() as uow:
        for key in uow.api_keys():
            state = "revoked" if key.revoked_at else "active"
            used = key.last_used_at.isoformat(timespec="seconds") if key.last_used_at else "never used"
            print(f"{key.id}  {state:8} {used:26} {','.join(sorted(key.scopes))}  {key.name}")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from hotline.integration import revoke_api_key

    with _hub() as hub:
        revoke_api_key(hub, ACTOR, arguments.id)
    return 0


@contextmanager
def _hub() -> Iterator[Hub]:
    from hotline.bootstrap import build

    hub = build(Config(), with_recognizer=False, with_classifier=False, with_dispatcher=False, with_job_worker=False)
    try:
        yield hub
    finally:
        hub.close()
