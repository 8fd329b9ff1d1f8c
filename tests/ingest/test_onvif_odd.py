"""The ONVIF client with what is hardly a camera, or not there."""

import asyncio

import pytest

from core.clock import ManualClock, SystemClock
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.errors import OnvifError
from tests.ingest.onvif_recorded import Recorded, recorded


def test_subscription_is_renewed_at_half_its_term() -> None:
    """A recorded camera grants a minute; our clock moves on by hand."""
    clock = ManualClock()
    times = "<CurrentTime>2026-01-01T00:00:00Z</CurrentTime>"
    times += "<TerminationTime>2026-01-01T00:01:00Z</TerminationTime>"

    def reply(operation: str, inside: str) -> tuple[int, bytes]:
        body = f"<{operation}Response>{inside}</{operation}Response>"
        return 200, f"<Envelope><Body>{body}</Body></Envelope>".encode()

    service = "<Service><Namespace>http://www.onvif.org/ver10/{}/wsdl</Namespace>"
    service += "<XAddr>http://10.0.0.1/e</XAddr></Service>"
    reference = (
        "<SubscriptionReference><Address>http://10.0.0.1/p</Address></SubscriptionReference>"
    )
    camera = Recorded(
        answers={
            "GetServices": reply("GetServices", service.format("events") + service.format("media")),
            "CreatePullPointSubscription": reply("CreatePullPointSubscription", reference + times),
            "PullMessages": reply("PullMessages", times),
            "Renew": reply("Renew", times),
        }
    )

    async def talk() -> None:
        async with OnvifCamera("bridge", camera.address, clock=clock) as client:
            subscription = await client.events.subscribe(term_s=3600)
            for seconds, renewals in ((29, 0), (2, 1), (20, 1), (11, 2)):
                clock.advance(seconds)
                await subscription.pull(wait_s=0)
                assert len(camera.requests("Renew")) == renewals

    with recorded(camera):
        asyncio.run(talk())


def test_nobody_there() -> None:
    async def talk() -> None:
        async with OnvifCamera("bridge", "127.0.0.1:9", clock=SystemClock()) as camera:
            await camera.probe()

    with pytest.raises(
        OnvifError, match=r"^camera bridge: GetSystemDateAndTime: cannot be reached"
    ):
        asyncio.run(talk())


@pytest.mark.parametrize(
    ("status", "answer", "what"),
    [
        (200, b"<html/>", "is no SOAP envelope"),
        (404, b"nothing here", "answered with HTTP 404"),
        (302, b"", "answered with HTTP 302"),
        (200, b"x" * (5 << 20), "longer than 4 MiB"),
    ],
)
def test_what_is_no_onvif(status: int, answer: bytes, what: str) -> None:
    camera = Recorded(answers={"GetDeviceInformation": (status, answer)})

    async def talk() -> None:
        async with OnvifCamera("bridge", camera.address, clock=SystemClock()) as client:
            await client.device_information()

    with (
        recorded(camera),
        pytest.raises(OnvifError, match=f"^camera bridge: GetDeviceInformation: .*{what}"),
    ):
        asyncio.run(talk())
