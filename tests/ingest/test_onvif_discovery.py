"""WS-Discovery: what devices answer, and the asking itself, by unicast on loopback."""

import asyncio
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from ingest.onvif.discovery import Discovered, discover, probe, read_matches
from ingest.onvif.errors import OnvifError
from ingest.onvif.tree import parse

MATCH = """<?xml version="1.0"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>
<a:RelatesTo>{asked}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>
<a:EndpointReference><a:Address>urn:uuid:{name}</a:Address></a:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>
<d:Scopes>onvif://www.onvif.org/type/ptz onvif://www.onvif.org/name/%E6%B2%B3%E8%BE%B9%201
 onvif://www.onvif.org/hardware/DS-2DF7276 onvif://www.onvif.org/location/city/hangzhou</d:Scopes>
<d:XAddrs>http://[fe80::1]/onvif/device_service http://169.254.1.1/onvif/device_service
 http://127.0.0.1:8080/onvif/device_service ftp://127.0.0.1/ http://a:b/</d:XAddrs>
</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


class Devices(asyncio.DatagramProtocol):
    """Answers each Probe as three devices would, one of them badly; loses the first Probe."""

    def __init__(self) -> None:
        self.probes: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.probes.append(data)
        if len(self.probes) == 1:
            return
        asked = parse(data).word("Header", "MessageID")
        for name in ("one", "two"):
            self.transport.sendto(MATCH.format(asked=asked, name=name).encode(), addr)
        self.transport.sendto(MATCH.format(asked="urn:uuid:other", name="alien").encode(), addr)
        self.transport.sendto(b"<broken", addr)


def test_devices_are_found_once_each() -> None:
    async def run() -> tuple[tuple[Discovered, ...], Devices]:
        loop = asyncio.get_running_loop()
        transport, devices = await loop.create_datagram_endpoint(
            Devices, local_addr=("127.0.0.1", 0)
        )
        try:
            port = transport.get_extra_info("sockname")[1]
            found = await discover(0.8, to=("127.0.0.1", port), interface="127.0.0.1")
            return found, devices
        finally:
            transport.close()

    found, devices = asyncio.run(run())
    assert [device.endpoint for device in found] == ["urn:uuid:one", "urn:uuid:two"]
    one = found[0]
    assert one.types == ("NetworkVideoTransmitter", "Device")
    assert (one.name, one.hardware, one.location) == ("河边 1", "DS-2DF7276", "city/hangzhou")
    assert one.sender == "127.0.0.1"
    assert one.address == "http://127.0.0.1:8080/onvif/device_service"
    assert len(one.addresses) == 3
    assert len(devices.probes) >= 3


ALONE = [
    "unshare", "--net", "sh", "-c",
    'ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec "$@"', "sh",
]  # fmt: skip
"""Runs a command in a network of its own; for that one must be root."""


def may_be_alone() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


def test_cameras_answer_a_multicast_probe() -> None:
    """In a network of its own where that is permitted, else on the loopback interface."""
    command = [sys.executable, "-m", "tests.ingest.discovery_alone"]
    command = [*ALONE, *command] if may_be_alone() else [*command, "127.0.0.1"]
    ran = subprocess.run(command, capture_output=True, timeout=120, text=True)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert sorted((one["name"], one["serial"]) for one in found) == [
        ("river", "river"),
        ("桥头 1", "桥头 1"),
    ]
    assert {one["sender"] for one in found} == {"127.0.0.1"}


def test_nobody_answers() -> None:
    async def run() -> tuple[Discovered, ...]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        try:
            port = transport.get_extra_info("sockname")[1]
            return await discover(0.1, to=("127.0.0.1", port), interface="127.0.0.1")
        finally:
            transport.close()

    assert asyncio.run(run()) == ()


def test_an_interface_that_is_not_ours() -> None:
    with pytest.raises(OnvifError, match=r"discovery cannot use 192\.0\.2\.1"):
        asyncio.run(discover(0.1, to=("127.0.0.1", 9), interface="192.0.2.1"))


def test_probe_asks_for_cameras() -> None:
    root = parse(probe("urn:uuid:1", "dn:NetworkVideoTransmitter"))
    assert root.word("Header", "Action") == (
        "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe"
    )
    assert root.word("Body", "Probe", "Types") == "dn:NetworkVideoTransmitter"


def test_answer_without_relation_is_taken() -> None:
    text = re.sub(r"<a:RelatesTo>.*</a:RelatesTo>", "", MATCH.format(asked="", name="odd"))
    assert len(read_matches(text.encode(), ())) == 1
