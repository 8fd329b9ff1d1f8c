"""What a running command centre says of its cameras."""

from typing import Any

import redis
import structlog
from pydantic import ValidationError

from core.bus.embedded import SOCKET, socket_url
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.messages import HEALTH, CameraHealth
from wardwatch.paths import Paths

FRESH_S = 30.0
"""Health is told every five seconds; what is older is of a run that ended."""

log = structlog.get_logger()


def recorder_states(site: Site, clock: Clock) -> dict[str, CameraHealth] | None:
    """The recorder's newest view of each camera; None when no command centre runs."""
    run = Paths(site.data_dir.resolve()).run
    if site.redis.url is None and not (run / SOCKET).exists():
        return None
    url = site.redis.url or socket_url(run)
    server: Any = redis.Redis.from_url(
        url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2
    )
    try:
        entries = server.xrevrange(HEALTH, count=4 * len(site.cameras) + 100)
    except redis.RedisError as error:
        log.debug("bus does not answer", error=str(error))
        return None
    finally:
        server.close()
    states: dict[str, CameraHealth] = {}
    now_ns = clock.utc_ns()
    for _, fields in entries:  # newest first
        try:
            one = CameraHealth.model_validate_json(fields.get("body", ""))
        except ValidationError:
            continue
        if one.process == "recorder" and now_ns - one.at_ns < FRESH_S * NS_PER_S:
            states.setdefault(one.camera, one)
    return states or None
