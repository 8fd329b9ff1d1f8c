"""A person's voice in the running system: to the loudspeaker, into the vault, onto the bus."""

import threading
from typing import cast

import numpy as np

from core.bus.streams import RedisBus
from core.cases import Announcement, EvidenceItem, Receipt
from core.clock import SystemClock
from core.config.site import Site
from core.messages import EVIDENCE_SEALED, RECEIPTS
from core.talking import RATE
from core.value import Value
from tests.wardwatch.test_onvif_part import bus, until
from wardwatch.parts.speakers import SpeakersPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context

__all__ = ["bus"]
TONE = (8000 * np.sin(2 * np.pi * 500 * np.arange(RATE // 50) / RATE)).astype("<i2").tobytes()


def test_what_was_said_is_sealed_and_told(bare_site: Site, paths: Paths, bus: RedisBus) -> None:
    horn, clock, stop = paths.data / "horn", SystemClock(), threading.Event()
    camera = {
        "id": "river",
        "name": {"zh": "河", "en": "River"},
        "streams": {"main": "rtsp://127.0.0.1:1/river"},
        "speaker": {"driver": "file", "url": str(horn)},
    }
    site = Site.model_validate(
        {**bare_site.model_dump(mode="json"), "cameras": [camera], "data_dir": str(paths.data)}
    )
    part = SpeakersPart(Context("hub", site, paths, stop=stop))
    receipts: list[Receipt] = []
    sealed: list[EvidenceItem] = []

    def take(message: Value) -> None:
        if isinstance(message, Receipt):
            receipts.append(message)
        else:
            sealed.append(cast(EvidenceItem, message))

    listening = threading.Thread(
        target=bus.consume,
        args=("test", {RECEIPTS: (Receipt, take), EVIDENCE_SEALED: (EvidenceItem, take)}, stop),
    )
    listening.start()
    part.start()
    try:
        talk = part.begin(
            Announcement(
                id="inc-1-talk-1", incident="inc-1", camera="river", text="（实时喊话）", attempt=1,
                requested_ns=clock.utc_ns(), requested_by="monitor",
            )
        )  # fmt: skip
        until(lambda: talk.state().phase == "speaking")
        for _ in range(30):
            talk.put(TONE)
        talk.close()
        until(lambda: receipts and sealed)
    finally:
        stop.set()
        part.join()
        listening.join()
    assert receipts[0].ok, receipts[0].error
    assert (sealed[0].role, sealed[0].incident) == ("warning_audio", "inc-1")
    assert sealed[0].sha256 == receipts[0].audio_sha256
    assert len(list(horn.glob("*.wav"))) == 1
