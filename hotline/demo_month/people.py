"""Who works in the demonstration month, beside the demo accounts. Nobody can log in as these colleagues."""

from __future__ import annotations

from hotline.demo import DEMO_PREFIX
from hotline.ports import UnitOfWork, User

NO_PASSWORD = "!"
"""A hash that fits no password."""
COLLEAGUES = (
    ("chen", "operator", "演示坐席 陈静"),
    ("liu", "operator", "演示坐席 刘洋"),
    ("zhao", "operator", "演示坐席 赵敏"),
    ("wang", "operator", "演示坐席 王磊"),
    ("sun", "trainer", "演示训练员 孙悦"),
)
OPERATORS = (DEMO_PREFIX + "operator", *(DEMO_PREFIX + name for name, role, _ in COLLEAGUES if role == "operator"))
SUPERVISOR = DEMO_PREFIX + "supervisor"
REVIEWER = DEMO_PREFIX + "reviewer"
TRAINERS = (DEMO_PREFIX + "trainer", DEMO_PREFIX + "sun")


def ensure_colleagues(uow: UnitOfWork) -> None:
    """Make the colleagues where they are missing."""
    for name, role, title in COLLEAGUES:
        if uow.user(DEMO_PREFIX + name) is None:
            uow.save_user(User(DEMO_PREFIX + name, DEMO_PREFIX + name, title, role, NO_PASSWORD))
