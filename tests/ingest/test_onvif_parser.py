"""The ONVIF parser against anything: it answers or says why not, and soon."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.onvif import soap
from ingest.onvif.address import read_address
from ingest.onvif.caller import read_capabilities
from ingest.onvif.device import read_information, read_relays, read_tokens
from ingest.onvif.discovery import read_matches
from ingest.onvif.errors import AnswerError, OnvifError, OnvifFault
from ingest.onvif.events import read_messages, read_pull_point
from ingest.onvif.imaging import read_settings
from ingest.onvif.media import choose, read_profiles, read_profiles2
from ingest.onvif.ptz import read_aim, read_presets
from ingest.onvif.times import read_clock, read_duration, read_moment, write_duration
from ingest.onvif.tree import BYTES_MOST, DEPTH_MOST, NODES_MOST, Node, parse

WORDS = [
    "Envelope",
    "Body",
    "Header",
    "Fault",
    "Code",
    "Value",
    "Subcode",
    "Reason",
    "Text",
    "Detail",
    "XResponse",
    "Profiles",
    "VideoEncoderConfiguration",
    "Resolution",
    "Width",
    "Encoding",
    "RateControl",
    "Name",
    "SystemDateAndTime",
    "UTCDateTime",
    "Date",
    "Time",
    "Year",
    "Month",
    "Day",
    "Hour",
    "Minute",
    "Second",
    "NotificationMessage",
    "Message",
    "Topic",
    "Source",
    "Data",
    "SimpleItem",
    "Preset",
    "PTZPosition",
    "SubscriptionReference",
    "Address",
    "ReferenceParameters",
    "CurrentTime",
    "XAddr",
    "Scopes",
    "ProbeMatches",
    "ProbeMatch",
    "XAddrs",
    "Types",
    "Capabilities",
    "Media",
    "Extension",
    "DeviceIO",
]
TEXTS = st.one_of(
    st.sampled_from(["", "1e999", "nan", "-5", "PT1S", "true", "2018-02-27T18:28:52Z", "9" * 5000]),
    st.text(string.printable, max_size=20),
)
READERS: list[Callable[[Node], object]] = [
    read_information,
    read_relays,
    lambda node: read_tokens(node, "AudioOutputs"),
    lambda node: choose(read_profiles(node)),
    lambda node: choose(read_profiles2(node)),
    read_capabilities,
    read_presets,
    read_aim,
    read_settings,
    read_messages,
    read_pull_point,
    lambda node: read_clock(node, 0, 0),
]


def trees() -> st.SearchStrategy[Node]:
    attributes = st.dictionaries(
        st.sampled_from(["token", "x", "y", "Name", "Value", "UtcTime"]), TEXTS, max_size=3
    )
    leaf = st.builds(Node, st.sampled_from(WORDS), st.just(""), attributes, TEXTS)
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            Node,
            st.sampled_from(WORDS),
            st.just("urn:x"),
            attributes,
            TEXTS,
            st.lists(inner, max_size=5),
        ),
        max_leaves=25,
    )


@settings(max_examples=150, deadline=None)
@given(trees())
def test_readers_take_any_tree(node: Node) -> None:
    for reader in READERS:
        try:
            reader(node)
        except AnswerError as error:
            assert str(error)  # noqa: PT017 (the message is what is looked at)


@settings(max_examples=150, deadline=None)
@given(trees())
def test_what_is_echoed_reads_back_the_same(node: Node) -> None:
    again = parse(b"<a xmlns:wsa='urn:wsa'>" + soap.foreign(_printable(node)).encode() + b"</a>")

    def same(one: Node, two: Node) -> bool:
        return (
            (one.name, one.namespace, one.attributes, one.text)
            == (two.name, two.namespace, two.attributes, two.text)
            and len(one.children) == len(two.children)
            and all(map(same, one.children, two.children))
        )

    assert same(_printable(node), again.children[0])


def _printable(node: Node) -> Node:
    def clean(text: str) -> str:
        return " ".join("".join(c for c in text if c.isprintable()).split())

    attributes = {key: clean(value) for key, value in node.attributes.items()}
    children = [_printable(child) for child in node.children]
    return Node(node.name, node.namespace, attributes, clean(node.text), children)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.tuples(st.binary(max_size=6), st.integers(0, 260), st.integers(0, 20)).map(
            lambda cut: _ANSWER[: cut[1]] + cut[0] + _ANSWER[cut[1] + cut[2] :]
        ),
    )
)
def test_bytes_give_an_answer_or_one_error(data: bytes) -> None:
    try:
        read_profiles(soap.open_answer(data, "GetProfiles"))
    except (AnswerError, OnvifFault) as error:
        assert "\n" not in str(error)  # noqa: PT017 (the message is what is looked at)
    try:
        read_matches(data, ())
    except AnswerError as error:
        assert str(error)  # noqa: PT017 (the message is what is looked at)


_ANSWER = soap.envelope(
    soap.element(
        "trt:GetProfilesResponse",
        soap.element("trt:Profiles", soap.element("tt:Name", "é <main>"), token="a"),
    )
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no XML"),
        (b"<html>not found</html>", "no SOAP envelope"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type declaration"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "document type declaration"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "XML|encoding"),
        (b"<a>" * (DEPTH_MOST + 1) + b"</a>" * (DEPTH_MOST + 1), "larger or deeper"),
        (b"<a>" + b"<b/>" * NODES_MOST + b"</a>", "larger or deeper"),
        (b"<a>" + b" " * BYTES_MOST + b"</a>", "longer than 4 MiB"),
        (b"<Envelope><Body/></Envelope>", "holds nothing, not GetProfilesResponse"),
    ],
)
def test_hostile_xml_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(AnswerError, match=why):
        soap.open_answer(data, "GetProfiles")


def test_an_old_fault_is_read_too() -> None:
    old = (
        b"<Envelope><Body><Fault><faultcode>s:Client</faultcode>"
        b"<faultstring>bad\nthing</faultstring></Fault></Body></Envelope>"
    )
    with pytest.raises(OnvifFault, match=r"^fault Client: bad thing$") as caught:
        soap.open_answer(old, "GetProfiles")
    assert caught.value.codes == ("Client",)


@given(st.floats(0, 1e6))
def test_durations_come_back(seconds: float) -> None:
    again = read_duration(write_duration(seconds))
    assert again is not None
    assert abs(again - seconds) <= 0.001


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    read_moment(text)
    read_duration(text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_answer_leads_away_from_the_camera(given_address: str, own: str) -> None:
    address = read_address("192.0.2.7:8080")
    try:
        led = address.lead_back(given_address, own)
    except AnswerError:
        return
    assert led.startswith(("http://192.0.2.7", "https://192.0.2.7", "rtsp")), led


@pytest.mark.parametrize(
    ("given_address", "own", "led"),
    [
        ("http://10.0.0.9/onvif/m", "", "http://192.0.2.7:8080/onvif/m"),
        ("http://10.0.0.9:80/m", "http://10.0.0.9/d", "http://192.0.2.7:8080/m"),
        ("http://10.0.0.9:8899/m", "http://10.0.0.9/d", "http://192.0.2.7:8899/m"),
        ("http://192.0.2.7:8899/m", "", "http://192.0.2.7:8899/m"),
        ("/onvif/m?a=1", "", "http://192.0.2.7:8080/onvif/m?a=1"),
        ("rtsp://10.0.0.9:554/a?b=c", "", "rtsp://192.0.2.7/a?b=c"),
        ("rtsp://user:pass@10.0.0.9:8554/a", "", "rtsp://192.0.2.7:8554/a"),
        ("rtsp://[fe80::1]/a", "", "rtsp://192.0.2.7/a"),
    ],
)
def test_addresses_are_led_back(given_address: str, own: str, led: str) -> None:
    assert read_address("192.0.2.7:8080").lead_back(given_address, own) == led


@pytest.mark.parametrize(
    "wrong", ["", "ftp://camera", "http://", "http://a:99999", "http://me:secret@camera/", "a b"]
)
def test_wrong_addresses_give_one_error_without_the_password(wrong: str) -> None:
    with pytest.raises(OnvifError) as caught:
        read_address(wrong)
    assert "secret" not in str(caught.value)


def test_ipv6_addresses_keep_their_brackets() -> None:
    address = read_address("http://[2001:db8::7]:81")
    assert address.url == "http://[2001:db8::7]:81/onvif/device_service"
    assert address.lead_back("rtsp://10.0.0.9/a") == "rtsp://[2001:db8::7]/a"
