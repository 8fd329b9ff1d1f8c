"""Device service: who it is, what time it has, what it can do, relays."""

from datetime import UTC, datetime

from core.clock import NS_PER_S
from sim.camera.onvif.body import Body, Place
from sim.camera.onvif.soap import NAMESPACES, Ask, SoapFault, nest, tag


def services(body: Body) -> dict[str, str]:
    """Prefix of each service that the camera has, and the end of its path."""
    known = {"tds": "device_service", "trt": "media", "timg": "imaging"}
    if body.options.events:
        known["tev"] = "events"
    if body.options.ptz:
        known["tptz"] = "ptz"
    if body.options.media2:
        known["tr2"] = "media2"
    return known


def answer(body: Body, place: Place, ask: Ask) -> str:
    """The body of the answer.

    Raises:
        SoapFault: the operation is not known, or its arguments are wrong.
    """
    match ask.operation:
        case "GetDeviceInformation":
            inside = "".join(
                (
                    tag("tds:Manufacturer", "Wardwatch"),
                    tag("tds:Model", "Virtual Camera"),
                    tag("tds:FirmwareVersion", "1.0"),
                    tag("tds:SerialNumber", body.name),
                    tag("tds:HardwareId", "virtual"),
                )
            )
        case "GetSystemDateAndTime":
            inside = _time(body)
        case "GetServices" if body.options.get_services:
            inside = "".join(
                nest(
                    "tds:Service",
                    tag("tds:Namespace", NAMESPACES[prefix])
                    + tag("tds:XAddr", f"{place.http}/onvif/{end}")
                    + nest("tds:Version", tag("tt:Major", 2) + tag("tt:Minor", 60)),
                )
                for prefix, end in services(body).items()
            )
        case "GetCapabilities":
            inside = _capabilities(body, place)
        case "GetScopes":
            inside = "".join(
                nest("tds:Scopes", tag("tt:ScopeDef", "Fixed") + tag("tt:ScopeItem", scope))
                for scope in (
                    "onvif://www.onvif.org/Profile/Streaming",
                    f"onvif://www.onvif.org/name/{body.name}",
                )
            )
        case "GetRelayOutputs":
            properties = (
                tag("tt:Mode", "Bistable")
                + tag("tt:DelayTime", "PT0S")
                + tag("tt:IdleState", "open")
            )
            inside = "".join(
                nest("tds:RelayOutputs", nest("tt:Properties", properties), token=token)
                for token in body.relays
            )
        case "SetRelayOutputState":
            inside = _switch(body, ask)
        case _:
            raise SoapFault("no such operation", "ter:ActionNotSupported", sender=False)
    return nest(f"tds:{ask.operation}Response", inside)


def _time(body: Body) -> str:
    now = datetime.fromtimestamp(body.now_ns() // NS_PER_S, UTC)
    time = tag("tt:Hour", now.hour) + tag("tt:Minute", now.minute) + tag("tt:Second", now.second)
    date = tag("tt:Year", now.year) + tag("tt:Month", now.month) + tag("tt:Day", now.day)
    return nest(
        "tds:SystemDateAndTime",
        tag("tt:DateTimeType", "Manual")
        + tag("tt:DaylightSavings", "false")
        + nest("tt:TimeZone", tag("tt:TZ", "CST-8"))
        + nest("tt:UTCDateTime", nest("tt:Time", time) + nest("tt:Date", date)),
    )


def _capabilities(body: Body, place: Place) -> str:
    names = {"tds": "Device", "tev": "Events", "timg": "Imaging", "trt": "Media", "tptz": "PTZ"}
    extra = {
        "tev": tag("tt:WSSubscriptionPolicySupport", "false")
        + tag("tt:WSPullPointSupport", "true")
        + tag("tt:WSPausableSubscriptionManagerInterfaceSupport", "false"),
        "trt": nest("tt:StreamingCapabilities", tag("tt:RTP_RTSP_TCP", "true")),
    }
    known = services(body)
    return nest(
        "tds:Capabilities",
        "".join(
            nest(
                f"tt:{name}",
                tag("tt:XAddr", f"{place.http}/onvif/{known[prefix]}") + extra.get(prefix, ""),
            )
            for prefix, name in names.items()
            if prefix in known
        ),
    )


def _switch(body: Body, ask: Ask) -> str:
    token, state = ask.word("RelayOutputToken"), ask.word("LogicalState")
    if token not in body.relays:
        raise SoapFault("no such relay", "ter:InvalidArgVal", "ter:RelayToken")
    if state not in ("active", "inactive"):
        raise SoapFault("no such state", "ter:InvalidArgVal")
    body.relays[token] = state == "active"
    return ""
