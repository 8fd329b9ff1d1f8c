"""Messages between processes: Redis Streams, at least once, spooled when the bus is away.

:class:`core.bus.base.Bus` is the face; :class:`core.bus.streams.RedisBus` speaks to a Redis or
Valkey server, and :mod:`core.bus.embedded` starts the Valkey server that comes with the product.
"""
