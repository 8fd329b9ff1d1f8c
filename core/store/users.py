"""People who may sign in."""

from enum import StrEnum

from pydantic import Field

from core.value import Language, Value


class Role(StrEnum):
    """What a person may do; each role may also do what the ones before it may."""

    VIEWER = "viewer"  # 查看
    MONITOR = "monitor"  # 坐席员: confirm, dismiss, warn, dispatch
    CHIEF = "chief"  # 值班长: override, close
    ADMIN = "admin"  # 管理员


class User(Value):
    """One account; the password is kept only as an Argon2id hash."""

    name: str
    password_hash: str = Field(repr=False)
    role: Role
    language: Language = "zh"
    created_ns: int
