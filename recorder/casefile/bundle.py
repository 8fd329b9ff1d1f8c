"""Several incidents in one case file: a sealed list of case files that are each whole."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recorder.casefile.case import Wish
from recorder.casefile.package import BEGUN, Package, finish
from recorder.casefile.station import Station
from recorder.casefile.story import contents
from recorder.casefile.typeset import typeset
from recorder.casefile.work import Work
from recorder.casefile.writer import Progress, Writer
from recorder.seal.check.chain import Custody
from recorder.seal.check.form import CUSTODY
from recorder.seal.custody import Act, line_of


def write_bundle(
    station: Station,
    wish: Wish,
    packages: Sequence[Package],
    work: Work,
    progress: Progress,
    check: Callable[[Path], None],
) -> None:
    """Write it; each inner case file has a chain of custody of its own and verifies alone.

    Args:
        check: raises when an inner case file does not verify.

    Raises:
        CaseFileError, SealError, OSError: as :meth:`Package.write`.
    """
    at_ns = station.clock.utc_ns()
    evidence = all(one.case.standing.evidence for one in packages)
    with Writer(work.path, at_ns, progress) as writer:
        for package in packages:
            name = f"{package.incident}.zip"
            if writer.keep(name, package.key, "casefile"):
                continue
            inner = work.folder / name
            package.write(inner, work, progress)
            check(inner)
            writer.add(name, inner, package.key, "casefile")
            inner.unlink()
        act = Act(BEGUN, actor=wish.by, unit=wish.unit, reason=wish.reason)
        writer.put(CUSTODY, line_of(act, Custody(), wish.id, at_ns)[0], "custody")
        data = contents([one.case for one in packages], evidence=evidence)
        for title, content in typeset(data, {}, ("案卷目录",)).items():
            writer.put(f"{title}.pdf", content, "document")
        about = {
            "id": wish.id,
            "standing": "evidence" if evidence else "lead",
            "by": wish.by,
            "unit": wish.unit,
            "reason": wish.reason,
        }
        finish(station, writer, wish.id, about, at_ns)
