"""A camera that ends sessions without a sign of life (RFC 2326 §12.37) keeps ours."""

import threading
from contextlib import closing
from typing import Literal

import pytest

from core.clock import SystemClock
from ingest.events import Connected, MediaPacket
from ingest.rtsp import RtspSource
from tests.sim.camera_kit import PASSWORD, USER, township, wait_for


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_session_outlives_its_timeout(transport: Literal["tcp", "udp"]) -> None:
    with township(session_timeout_s=1) as cameras:
        source = RtspSource(
            "river", cameras.url("river"), SystemClock(), transport=transport,
            username=USER, password=PASSWORD,
        )  # fmt: skip
        stop = threading.Event()
        with closing(source.packets(stop)) as events:
            assert isinstance(next(events), Connected)
            for _ in range(35):  # at ten pictures a second
                assert isinstance(next(events), MediaPacket)
            assert cameras.sessions == 1
            stop.set()
            list(events)
        wait_for(lambda: cameras.sessions == 0)
