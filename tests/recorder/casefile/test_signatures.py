"""What a camera signed: as recorded, as sealed and at export, in one record and one document."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from core.clock import NS_PER_S
from core.messages import EvidenceWanted
from core.value import Text
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.evidence import EvidenceCutter
from recorder.seal.check.judge import judge
from recorder.shelf import segments
from recorder.signing.watch import SignatureWatch
from tests.recorder.casefile.test_export import read, texts
from tests.recorder.casefile.world import INCIDENT, World
from tests.recorder.signing.conftest import Film, authority, camera, h264, roots
from tests.recorder.signing.signer import Signer, write

__all__ = ["authority", "camera", "h264", "roots"]


@pytest.fixture(params=[False, True], ids=["always", "certificates_once"])
def signed(
    request: pytest.FixtureRequest,
    world: World,
    camera: Signer,
    h264: Film,
    roots: tuple[x509.Certificate, ...],
) -> World:
    """An incident with a sealed clip of a camera that signs, and others of one that does not."""
    world.incident()
    pictures = replace(camera, once=request.param).sign(h264.pictures)
    film = write(world.root / "film.mp4", h264.path, pictures)
    recordings, clock = world.station.recordings, world.clock
    watch = SignatureWatch(recordings, roots, clock)
    source = FileSource("gate", film, clock)
    recorder = CameraRecorder(
        recordings, source, clock, segment_s=2, on_segment=watch.closed, sync=False
    )
    watch.start()
    recorder.run(threading.Event())
    assert watch.stop(30)
    start_ns = segments(recordings, "gate")[0].start_ns
    wanted = EvidenceWanted(
        id="w-signed", incident=INCIDENT, camera="gate", role="clip",
        first_ns=start_ns + NS_PER_S, last_ns=start_ns + 3 * NS_PER_S,
        moment_ns=start_ns + 2 * NS_PER_S, caption=Text(zh="测试", en="test"), box=None,
    )  # fmt: skip
    cutter = EvidenceCutter(recordings, world.station.vault, clock, roots=roots)
    clip, _, verdict = cutter.handle(wanted)
    assert (clip.role, verdict.role) == ("clip", "signature")
    world.station = replace(world.station, camera_roots=roots)
    return world


def test_all_three_verdicts_are_in_the_case_file(signed: World) -> None:
    path = signed.export().path
    assert judge(path, signed.station.sealer.trust()).authentic
    clips = {one["path"]: one for one in json.loads(read(path, "signatures.json"))["clips"]}
    (name,) = [one for one in clips if "w-signed" in one]
    found = clips.pop(name)
    assert (found["verdict"]["state"], found["verdict"]["provenance"]) == ("authentic", "trusted")
    assert found["at_sealing"]["verified"] == found["verdict"]["verified"] == 20
    recorded = found["at_recording"]
    assert [one["state"] for one in recorded] == ["authentic", "authentic"]
    assert all(one["checked"].endswith("Z") and one["file"] for one in recorded)
    assert found["sealed_in"].startswith("signatures/")
    sealed = json.loads(read(path, found["sealed_in"]))
    assert [one["file"] for one in sealed["then"]] == [one["file"] for one in recorded]
    (other,) = clips.values()
    assert other["verdict"]["state"] == "not_signed"
    assert (other["at_sealing"], other["at_recording"]) == (None, None)
    said = texts(path)["证据说明"]
    assert "摄像机自身的签名" in said
    assert f"{Path(name).stem}" in said.replace("\n", "")
    assert "真实真实真实" in said


def test_without_signatures_the_document_says_so(world: World) -> None:
    world.incident()
    assert "录像中没有摄像机自身的签名" in texts(world.export().path)["证据说明"]
