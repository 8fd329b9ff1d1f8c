"""People who may sign in."""

from enum import StrEnum

from pydantic import Field

from core.value import Language, Value


class Role(StrEnum):
    """What a person may do. Everybody but an officer may look, only some may act or judge.

    OFFICER's own page asks for more: the account must be tied to an officer of the site.
    """

    OFFICER = "officer"  # 队员: the page /field, with the orders given to that officer
    VIEWER = "viewer"  # 查看
    SUPERVISOR = "supervisor"  # 监督: figures and the audit log, and nothing else beside looking
    REVIEWER = "reviewer"  # 法制、技术审核: review evidence, and nothing else beside looking
    MONITOR = "monitor"  # 坐席员: confirm, dismiss, warn, dispatch, export, lock recordings
    CHIEF = "chief"  # 值班长: override, close, release recordings, review
    ADMIN = "admin"  # 管理员

    def includes(self, other: "Role") -> bool:
        """Whether whoever has this role may do what the other one may.

        >>> Role.CHIEF.includes(Role.REVIEWER), Role.REVIEWER.includes(Role.MONITOR)
        (True, False)
        """
        return other is self or any(one.includes(other) for one in _BELOW[self])


_BELOW: dict[Role, tuple[Role, ...]] = {
    Role.OFFICER: (),
    Role.VIEWER: (Role.OFFICER,),
    Role.SUPERVISOR: (Role.VIEWER,),
    Role.REVIEWER: (Role.VIEWER,),
    Role.MONITOR: (Role.VIEWER,),
    Role.CHIEF: (Role.MONITOR, Role.REVIEWER, Role.SUPERVISOR),
    Role.ADMIN: (Role.CHIEF,),
}


class User(Value):
    """One account; the password is kept only as an Argon2id hash."""

    name: str
    password_hash: str = Field(repr=False)
    role: Role
    language: Language = "zh"
    created_ns: int
    officer: str | None = Field(default=None, description="The officer who signs in with it.")
    generation: int = Field(
        default=0, description="Grows when the desk signs the person out everywhere."
    )
