"""The outcome of a check."""

from dataclasses import asdict, dataclass, field
from typing import Any

from recorder.seal.check.words import (
    AUTHENTIC,
    FALSE,
    FINDINGS,
    LIMITS_EN,
    LIMITS_ZH,
    MISSING,
    NOT_AUTHENTIC,
    NOT_SIGNED,
    PARTS_MISSING,
    STANDING_WORDS,
    UNSIGNED,
    VERDICTS,
)

VERDICT_SCHEMA = "wardwatch.verdict/1"


@dataclass(frozen=True)
class Finding:
    """One thing found; ``code`` is a key of ``words.FINDINGS``."""

    code: str
    path: str = ""
    detail: str = ""

    @property
    def weight(self) -> str:
        """How much it weighs (``words``)."""
        return FINDINGS[self.code][0]

    def words(self, language: int) -> str:
        """In Chinese (0) or English (1)."""
        said = FINDINGS[self.code][1 + language]
        return ": ".join(part for part in (self.path, said, self.detail) if part)


@dataclass(frozen=True)
class FileState:
    """One file: ``ok``, ``missing``, ``changed`` or ``extra``."""

    path: str
    state: str
    detail: str = ""


@dataclass(frozen=True)
class Provenance:
    """Who signed, and when: apart from the verdict on what was signed.

    Attributes:
        signers: each with algorithm, certificate fingerprint, name and days; ``known`` is
            None when nothing was given to compare with.
        sealed_utc: by the site's own clock.
        stamp: moment, authority and ``trusted`` of the time-stamp, if there is one.
        log: size and place in the site's log, if there is a proof.
    """

    signers: tuple[dict[str, Any], ...] = ()
    sealed_utc: str = ""
    stamp: dict[str, Any] | None = None
    log: dict[str, Any] | None = None


@dataclass
class Report:
    """What a check found; filled as it goes.

    Attributes:
        incident: what the manifest is about; empty where that cannot be read.
        standing: of a case file: ``lead`` (线索) or ``evidence`` (证据).
    """

    incident: str = ""
    standing: str = ""
    files: list[FileState] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    provenance: Provenance = field(default_factory=Provenance)

    def add(self, code: str, path: str = "", detail: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(code, path, detail))

    @property
    def verdict(self) -> str:
        """``authentic``, ``authentic_parts_missing``, ``not_signed`` or ``not_authentic``."""
        weights = {one.weight for one in self.findings}
        if FALSE in weights:
            return NOT_AUTHENTIC
        if UNSIGNED in weights:
            return NOT_SIGNED
        return PARTS_MISSING if MISSING in weights else AUTHENTIC

    @property
    def authentic(self) -> bool:
        """True for nothing less than the best verdict."""
        return self.verdict == AUTHENTIC

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        zh, en = VERDICTS[self.verdict]
        return {
            "schema": VERDICT_SCHEMA,
            "incident": self.incident,
            "standing": self.standing,
            "verdict": self.verdict,
            "zh": zh,
            "en": en,
            "provenance": asdict(self.provenance),
            "files": [asdict(one) for one in self.files],
            "findings": [
                {**asdict(one), "weight": one.weight, "zh": one.words(0), "en": one.words(1)}
                for one in self.findings
            ],
        }

    def as_text(self) -> str:
        """For people, in both languages."""
        zh, en = VERDICTS[self.verdict]
        lines = [f"结论：{zh}", f"Verdict: {en}"]
        if self.standing:
            lines += STANDING_WORDS[self.standing]
        for one in self.findings:
            lines += [f"  · {one.words(0)}", f"    {one.words(1)}"]
        good = sum(one.state == "ok" for one in self.files)
        lines.append(f"文件 Files: {good} / {len(self.files)}")
        lines += ["来源 Provenance:", *(f"  {line}" for line in self._provenance())]
        return "\n".join([*lines, LIMITS_ZH, LIMITS_EN])

    def _provenance(self) -> list[str]:
        said = {True: "已知 known", False: "未知 unknown", None: "未比对 not compared"}
        lines = [
            f"签名 signer: {one['name'] or one['algorithm']} [{said[one['known']]}] "
            f"SHA-256 {one['key_sha256']}"
            for one in self.provenance.signers
        ] or ["无签名 no signer"]
        if self.provenance.sealed_utc:
            lines.append(f"封存 sealed (站点时钟 site clock): {self.provenance.sealed_utc}")
        if self.provenance.stamp:
            stamp = self.provenance.stamp
            lines.append(
                f"时间戳 time-stamp: {stamp['utc']} {stamp['authority']} [{said[stamp['trusted']]}]"
            )
        if self.provenance.log:
            log = self.provenance.log
            lines.append(f"日志 log: {log['index'] + 1} / {log['size']}, root {log['root']}")
        return lines
