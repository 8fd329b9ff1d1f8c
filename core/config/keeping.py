"""How long what was made from recordings is kept (Order 799, article 17)."""

from pydantic import Field

from core.config.base import Section


class KeepingDays(Section):
    """Days; recordings themselves have theirs under ``recording``."""

    dismissed: int = Field(
        default=90,
        ge=30,
        le=365,
        title="排除事件的证据",
        description="Evidence of dismissed incidents, counted from the decision.",
    )
    closed: int | None = Field(
        default=None,
        ge=30,
        title="办结事件的证据",
        description="Evidence of closed incidents, from the closing; none: until a person "
        "deletes it, as the file's own period wants it.",
    )
    case_files: int = Field(
        default=90,
        ge=30,
        le=365,
        title="案卷文件",
        description="Case files that the console made; they can be made again.",
    )
    films: int = Field(
        default=365,
        ge=30,
        le=365,
        title="导入的影像",
        description="Films of drones and body cameras, from their import.",
    )
