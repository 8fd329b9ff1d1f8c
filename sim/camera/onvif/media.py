"""Media and Media 2 services: two profiles, their RTSP addresses and a JPEG picture."""

from sim.camera.onvif.body import SOURCE, Body, Place
from sim.camera.onvif.soap import Ask, SoapFault, nest, tag

LEVELS = 0, 10
"""Steps of the loudspeaker's volume."""


def answer(body: Body, place: Place, ask: Ask) -> str:
    """The body of the answer, for either service.

    Raises:
        SoapFault: the operation is not known, or its arguments are wrong.
    """
    two = ask.service == "tr2"
    match ask.operation:
        case "GetProfiles":
            inside = "".join(_profile(body, kind, two=two) for kind in body.sizes())
        case "GetProfile" if not two:
            kind = _kind(body, ask)
            inside = _profile(body, kind, two=False).replace("trt:Profiles", "trt:Profile")
        case "GetStreamUri":
            inside = _uri(f"{place.rtsp}/{_kind(body, ask)}", two=two)
        case "GetSnapshotUri":
            _kind(body, ask)
            inside = _uri(f"{place.http}/snapshot.jpg", two=two)
        case "GetVideoSources" if not two:
            width, height = body.eye.size
            size = nest("tt:Resolution", tag("tt:Width", width) + tag("tt:Height", height))
            rate = tag("tt:Framerate", f"{body.eye.fps:g}")
            inside = nest("trt:VideoSources", rate + size, token=SOURCE)
        case "GetAudioOutputs" if not two:
            inside = tag("trt:AudioOutputs", token="loudspeaker") if body.backchannel else ""
        case "GetAudioOutputConfigurations":
            inside = _output(body, ask) if body.backchannel else ""
        case "GetAudioOutputConfigurationOptions" if body.backchannel:
            span = tag("tt:Min", LEVELS[0]) + tag("tt:Max", LEVELS[1])
            tokens = tag("tt:OutputTokensAvailable", "loudspeaker")
            options = tokens + nest("tt:OutputLevelRange", span)
            inside = nest(f"{ask.service}:Options", options)
        case "SetAudioOutputConfiguration" if body.backchannel:
            level = ask.word("Configuration", "OutputLevel")
            if not level.isdecimal() or not LEVELS[0] <= int(level) <= LEVELS[1]:
                raise SoapFault("no such level", "ter:InvalidArgVal", "ter:ConfigModify")
            if ask.word("Configuration", "OutputToken") != "loudspeaker":
                raise SoapFault("no such output", "ter:InvalidArgVal", "ter:ConfigModify")
            body.output_levels.append(int(level))
            inside = ""
        case _:
            raise SoapFault("no such operation", "ter:ActionNotSupported", sender=False)
    return nest(f"{ask.service}:{ask.operation}Response", inside)


def _output(body: Body, ask: Ask) -> str:
    inside = tag("tt:Name", "loudspeaker") + tag("tt:UseCount", 1)
    inside += tag("tt:OutputToken", "loudspeaker")
    inside += tag("tt:SendPrimacy", "www.onvif.org/ver20/HalfDuplex/Auto")
    inside += tag("tt:OutputLevel", body.output_levels[-1])
    return nest(f"{ask.service}:Configurations", inside, token="output")


def _kind(body: Body, ask: Ask) -> str:
    kind = ask.word("ProfileToken")
    if kind not in body.sizes():
        raise SoapFault("no such profile", "ter:InvalidArgVal", "ter:NoProfile")
    return kind


def _uri(address: str, *, two: bool) -> str:
    if two:
        return tag("tr2:Uri", address)
    return nest(
        "trt:MediaUri",
        tag("tt:Uri", address)
        + tag("tt:InvalidAfterConnect", "false")
        + tag("tt:InvalidAfterReboot", "false")
        + tag("tt:Timeout", "PT0S"),
    )


def _profile(body: Body, kind: str, *, two: bool) -> str:
    width, height = body.sizes()[kind]
    full_width, full_height = body.eye.size
    common = tag("tt:Name", kind) + tag("tt:UseCount", 1)
    source = (
        common
        + tag("tt:SourceToken", SOURCE)
        + tag("tt:Bounds", x=0, y=0, width=full_width, height=full_height)
    )
    size = nest("tt:Resolution", tag("tt:Width", width) + tag("tt:Height", height))
    rate = tag("tt:FrameRateLimit", round(body.eye.fps))
    multicast = nest(
        "tt:Multicast",
        nest("tt:Address", tag("tt:Type", "IPv4") + tag("tt:IPv4Address", "0.0.0.0"))
        + tag("tt:Port", 0)
        + tag("tt:TTL", 1)
        + tag("tt:AutoStart", "false"),
    )
    head = tag("tt:Name", "head") + tag("tt:UseCount", 1) + tag("tt:NodeToken", "head")
    if two:
        control = nest("tt:RateControl", rate + tag("tt:BitrateLimit", 4096))
        encoder = common + tag("tt:Encoding", "H264") + size + control + tag("tt:Quality", 5)
        parts = nest("tr2:VideoSource", source, token=SOURCE)
        parts += nest("tr2:VideoEncoder", encoder, token=f"encoder_{kind}")
        parts += nest("tr2:PTZ", head, token="head") if body.options.ptz else ""
        inside = tag("tr2:Name", kind) + nest("tr2:Configurations", parts)
        return nest("tr2:Profiles", inside, token=kind, fixed="true")
    control = rate + tag("tt:EncodingInterval", 1) + tag("tt:BitrateLimit", 4096)
    encoder = (
        common
        + tag("tt:Encoding", "H264")
        + size
        + tag("tt:Quality", 5)
        + nest("tt:RateControl", control)
        + nest("tt:H264", tag("tt:GovLength", 25) + tag("tt:H264Profile", "Main"))
        + multicast
        + tag("tt:SessionTimeout", "PT60S")
    )
    inside = tag("tt:Name", kind) + nest("tt:VideoSourceConfiguration", source, token=SOURCE)
    inside += nest("tt:VideoEncoderConfiguration", encoder, token=f"encoder_{kind}")
    inside += nest("tt:PTZConfiguration", head, token="head") if body.options.ptz else ""
    return nest("trt:Profiles", inside, token=kind, fixed="true")
