"""Messages between processes: Redis Streams, at least once, spooled when the bus is away.

:class:`core.bus.base.Bus` is the face; :class:`core.bus.streams.RedisBus` speaks to a Redis or
Valkey server, :class:`core.bus.memory.MemoryBus` serves one process (replay, tests), and
:mod:`core.bus.embedded` starts the Valkey server that comes with the product.
"""
