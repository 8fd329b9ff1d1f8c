"""Event service: a pull point that tells of motion in the scene (ONVIF Core, section 9)."""

import re

from core.clock import iso
from sim.camera.onvif.body import SOURCE, Body, Place
from sim.camera.onvif.soap import Ask, SoapFault, down, nest, tag
from sim.camera.onvif.subscriptions import Subscription

TERM_S = 60.0
_TERM_MOST_S = 3600.0
_WAIT_MOST_S = 60.0
_SECONDS = re.compile(r"PT(?:(\d{1,4})M)?(?:(\d{1,5}(?:\.\d{1,9})?)S)?")


async def answer(body: Body, place: Place, ask: Ask, subscription_id: str) -> str:
    """The body of the answer.

    Args:
        subscription_id: from the address; else the reference parameter tells.

    Raises:
        SoapFault: the operation is not known, or its arguments are wrong.
    """
    if ask.operation == "CreatePullPointSubscription":
        return _create(body, place, ask)
    echoed = down(ask.header, "SubscriptionId")
    if body.options.shared_events:
        subscription_id = (echoed.text or "").strip() if echoed is not None else ""
    subscriptions = body.subscriptions
    match ask.operation:
        case "PullMessages":
            subscription = subscriptions.get(subscription_id)
            wait_s = min(_duration_s(ask.word("Timeout"), 10.0), _WAIT_MOST_S)
            limit = ask.word("MessageLimit")
            most = int(limit) if limit.isdecimal() and len(limit) < 6 else 1
            messages = await subscriptions.pull(subscription, wait_s, max(1, most))
            times = _times(body, subscription, "tev")
            return nest("tev:PullMessagesResponse", times + "".join(messages))
        case "Renew":
            subscription = subscriptions.get(subscription_id)
            subscriptions.renew(subscription, _duration_s(ask.word("TerminationTime"), TERM_S))
            return nest("wsnt:RenewResponse", _times(body, subscription, "wsnt", end_first=True))
        case "Unsubscribe":
            subscriptions.end(subscriptions.get(subscription_id))
            return nest("wsnt:UnsubscribeResponse", "")
        case "SetSynchronizationPoint":
            subscription = subscriptions.get(subscription_id)
            subscription.queue.append(motion(body, "Initialized"))
            subscription.filled.set()
            return nest("tev:SetSynchronizationPointResponse", "")
    raise SoapFault("no such operation", "ter:ActionNotSupported", sender=False)


def motion(body: Body, operation: str) -> str:
    """A notification of the present state of the scene."""
    return notification(body, "tns1:VideoSource/MotionAlarm", body.eye.motion, operation)


def notification(body: Body, topic: str, state: bool, operation: str) -> str:
    """A notification of the state of a property of the video source."""
    source = tag("tt:SimpleItem", Name="VideoSourceToken", Value=SOURCE)
    data = tag("tt:SimpleItem", Name="State", Value=str(state).lower())
    message = nest(
        "tt:Message",
        nest("tt:Source", source) + nest("tt:Data", data),
        UtcTime=iso(body.now_ns()),
        PropertyOperation=operation,
    )
    dialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
    return nest(
        "wsnt:NotificationMessage",
        tag("wsnt:Topic", topic, Dialect=dialect) + nest("wsnt:Message", message),
    )


def _create(body: Body, place: Place, ask: Ask) -> str:
    term_s = _duration_s(ask.word("InitialTerminationTime"), TERM_S)
    subscription = body.subscriptions.add(term_s, motion(body, "Initialized"))
    if body.options.shared_events:
        address = tag("wsa:Address", f"{place.http}/onvif/events")
        parameter = tag("ww:SubscriptionId", subscription.id)
        address += nest("wsa:ReferenceParameters", parameter)
    else:
        address = tag("wsa:Address", f"{place.http}/onvif/events/{subscription.id}")
    return nest(
        "tev:CreatePullPointSubscriptionResponse",
        nest("tev:SubscriptionReference", address) + _times(body, subscription, "wsnt"),
    )


def _times(body: Body, subscription: Subscription, prefix: str, *, end_first: bool = False) -> str:
    """Now and the end by the camera's clock, in the order of the schema."""
    left_ns = subscription.end_ns - body.clock.monotonic_ns()
    now = tag(f"{prefix}:CurrentTime", iso(body.now_ns()))
    end = tag(f"{prefix}:TerminationTime", iso(body.now_ns() + left_ns))
    return end + now if end_first else now + end


def _duration_s(text: str, missing: float) -> float:
    found = _SECONDS.fullmatch(text)
    if found is None or not any(found.groups()):
        return missing
    return min(int(found[1] or 0) * 60 + float(found[2] or 0), _TERM_MOST_S)
