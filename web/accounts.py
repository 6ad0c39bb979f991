"""Accounts without any web framework: password rules, hashing, lock-out, demo accounts."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from hotline.demo import DEMO_PASSWORD, DEMO_PREFIX, DEMO_USERS
from hotline.errors import InputError, PermissionDenied, StateError
from hotline.hub import Hub
from hotline.ports import UnitOfWork, User
from web.roles import ROLES

MIN_PASSWORD_LENGTH = 10
MIN_CHARACTER_CLASSES = 2

_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash("no such user")


def check_password_rules(password: str) -> None:
    """Require 10 characters of two classes (lower, upper, digit, other). Raises: InputError."""
    classes = sum(
        any(test(character) for character in password)
        for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    )
    if len(password) < MIN_PASSWORD_LENGTH or classes < MIN_CHARACTER_CLASSES:
        raise InputError(
            "密码太弱",
            expected=f"至少 {MIN_PASSWORD_LENGTH} 个字符，含大写、小写、数字、符号中的 {MIN_CHARACTER_CLASSES} 类",
            found=f"{len(password)} 个字符，{classes} 类",
            remedy="请换一个密码",
        )


def is_demo(user: User) -> bool:
    """Say whether an account belongs to the demo, so that it works in demo mode only."""
    return user.id.startswith(DEMO_PREFIX)


def may_log_in(hub: Hub, user: User) -> bool:
    """Say whether an account is in use: enabled, and of the demo only in demo mode."""
    return user.active and (hub.config["demo"] == "1" or not is_demo(user))


def needs_setup(hub: Hub) -> bool:
    """Say whether there is nobody who could log in yet."""
    with hub.store.transaction() as uow:
        return not any(may_log_in(hub, user) for user in uow.users())


def create_first_admin(hub: Hub, username: str, display_name: str, password: str) -> User:
    """Make the first administrator. Raises: StateError when there is somebody already, InputError."""
    check_password_rules(password)
    with hub.store.transaction() as uow:
        if any(may_log_in(hub, user) for user in uow.users()):
            raise StateError("管理员已存在", expected="没有任何账号", found="已有账号", remedy="请直接登录")
        user = _new_user(uow, username, display_name, "admin", password)
        uow.audit(user.id, "user.setup", user.id)
    return user


def create_user(hub: Hub, actor: str, username: str, display_name: str, role: str, password: str) -> User:
    """Make an account. Raises: InputError for a taken or empty name, an unknown role or a weak password."""
    check_password_rules(password)
    with hub.store.transaction() as uow:
        user = _new_user(uow, username, display_name, role, password)
        uow.audit(actor, "user.create", user.id, role)
    return user


def set_active(hub: Hub, actor: str, user_id: str, active: bool) -> None:
    """Enable or disable another's account. Raises: InputError."""
    with hub.store.transaction() as uow:
        user = _another(uow, actor, user_id)
        uow.save_user(replace(user, active=active, failed_logins=0, locked_until=None))
        uow.audit(actor, "user.enable" if active else "user.disable", user.id)


def set_role(hub: Hub, actor: str, user_id: str, role: str) -> None:
    """Give another's account a role, which counts from the next click. Raises: InputError."""
    with hub.store.transaction() as uow:
        user = _another(uow, actor, user_id)
        uow.save_user(replace(user, role=_checked_role(role)))
        uow.audit(actor, "user.role", user.id, f"{user.role} > {role}")


def unlock(hub: Hub, actor: str, user_id: str) -> None:
    """Let an account log in again that was locked after failures. Raises: InputError."""
    with hub.store.transaction() as uow:
        user = _another(uow, actor, user_id)
        uow.save_user(replace(user, failed_logins=0, locked_until=None))
        uow.audit(actor, "user.unlock", user.id)


def set_password(hub: Hub, actor: str, user_id: str, password: str) -> None:
    """Replace another's password and unlock the account; its sessions end. Raises: InputError."""
    check_password_rules(password)
    with hub.store.transaction() as uow:
        user = _another(uow, actor, user_id)
        changed = replace(user, password_hash=_hasher.hash(password), failed_logins=0, locked_until=None)
        uow.save_user(changed)
        uow.audit(actor, "user.password", user.id)


def change_own_password(hub: Hub, user_id: str, old: str, password: str) -> User:
    """Replace one's own password; one's other sessions end. Raises: PermissionDenied, InputError."""
    check_password_rules(password)
    with hub.store.transaction() as uow:
        user = _existing(uow, user_id)
    if not _verify(user.password_hash, old):
        _record_failure(hub, user, "wrong")
        raise PermissionDenied("现在的密码不对", remedy="请核对后重试；连续失败会锁定账号")
    with hub.store.transaction() as uow:
        changed = replace(_existing(uow, user_id), password_hash=_hasher.hash(password), failed_logins=0)
        uow.save_user(changed)
        uow.audit(user_id, "user.own_password", user_id)
    return changed


def authenticate(hub: Hub, username: str, password: str) -> User:
    """Return the user with this name and password, counting failures.

    Raises: PermissionDenied with one message for a wrong name and a wrong password, another while locked.
    """
    now = hub.clock()
    with hub.store.transaction() as uow:
        user = uow.user_by_name(username)
    if user is not None and user.locked_until is not None and user.locked_until > now:
        _record_failure(hub, user, "locked")
        raise _locked(hub)
    matches = _verify(user.password_hash if user else _DUMMY_HASH, password)
    if user is None or not matches or not may_log_in(hub, user):
        _record_failure(hub, user, "wrong")
        raise PermissionDenied("用户名或密码不对", remedy="请核对后重试；连续失败会锁定账号")
    with hub.store.transaction() as uow:
        user = replace(user, failed_logins=0, locked_until=None)
        uow.save_user(user)
        uow.audit(user.id, "login", user.id)
    return user


def ensure_demo_users(hub: Hub) -> None:
    """Make the demo accounts where they are missing."""
    with hub.store.transaction() as uow:
        missing = [row for row in DEMO_USERS if uow.user_by_name(row[0]) is None]
    password_hash = _hasher.hash(DEMO_PASSWORD) if missing else ""
    with hub.store.transaction() as uow:
        for name, role, title in missing:
            uow.save_user(User(DEMO_PREFIX + name, name, title, role, password_hash))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _record_failure(hub: Hub, user: User | None, detail: str) -> None:
    """Count a failure in a transaction of its own, so that it stays counted."""
    with hub.store.transaction() as uow:
        if user is None:
            uow.audit("anonymous", "login", "", "unknown", ok=False)
            return
        current = _existing(uow, user.id)
        failures = current.failed_logins + 1
        changed = replace(current, failed_logins=failures)
        if detail == "wrong" and failures >= hub.config.integer("lockout_failures"):
            until = hub.clock() + timedelta(minutes=hub.config.number("lockout_minutes"))
            changed = replace(changed, failed_logins=0, locked_until=until)
        uow.save_user(changed)
        uow.audit("anonymous", "login", user.id, detail, ok=False)


def _locked(hub: Hub) -> PermissionDenied:
    minutes = hub.config.integer("lockout_minutes")
    return PermissionDenied("账号已锁定", found="连续登录失败", remedy=f"请 {minutes} 分钟后再试，或请管理员重设密码")


def _another(uow: UnitOfWork, actor: str, user_id: str) -> User:
    """Return an account that is not the actor's own, so that nobody shuts himself out or raises his own rights."""
    if user_id == actor:
        raise InputError(
            "不能在这里更改自己的账号", expected="其他账号", found="当前账号", remedy="请由另一位管理员操作"
        )
    return _existing(uow, user_id)


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise InputError("没有这个角色", expected="、".join(ROLES), found=role[:20], remedy="请从列表中选择")
    return role


def _existing(uow: UnitOfWork, user_id: str) -> User:
    user = uow.user(user_id)
    if user is None:
        raise InputError("没有这个账号", expected="已有账号", found="不存在", remedy="请刷新页面")
    return user


def _new_user(uow: UnitOfWork, username: str, display_name: str, role: str, password: str) -> User:
    username = username.strip()
    if not username or len(username) > 40:
        raise InputError("用户名不对", expected="1 到 40 个字符", found=f"{len(username)} 个字符", remedy="请重新填写")
    role = _checked_role(role)
    if uow.user_by_name(username) is not None:
        raise InputError("用户名已被使用", expected="未使用的用户名", found="已存在", remedy="请换一个用户名")
    user = User(str(uuid.uuid4()), username, display_name.strip() or username, role, _hasher.hash(password))
    uow.save_user(user)
    return user
