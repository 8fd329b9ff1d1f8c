"""How well the virtual camera's ONVIF services behave."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class OnvifOptions:
    """Sound by default.

    Attributes:
        sign_in: what is accepted: WS-UsernameToken, HTTP digest, or either.
        skew_s: the camera's clock is ahead of the true time by this.
        host: name this host in all addresses instead of the one we are reached by.
        ptz: it can be steered.
        events: tells events.
        media2: has a Media 2 service beside Media.
        get_services: knows GetServices; old cameras know GetCapabilities alone.
        shared_events: one address for all subscriptions, told apart by a reference parameter.
        refuse: answers everything with 401.
        fault: answers this operation (``*``: all) with a SOAP fault.
        delay_s: waits this long before each answer.
    """

    sign_in: Literal["token", "digest", "either"] = "either"
    skew_s: float = 0.0
    host: str | None = None
    ptz: bool = True
    events: bool = True
    media2: bool = False
    get_services: bool = True
    shared_events: bool = False
    refuse: bool = False
    fault: str | None = None
    delay_s: float = 0.0
