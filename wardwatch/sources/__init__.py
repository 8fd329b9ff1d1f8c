"""From a camera's configuration to its packets, and what comes with them.

:class:`wardwatch.sources.opening.Sources` opens a stream: pulled, pushed to us, relayed by the
recorder, or a file. Beside it: poses out of pushed KLV, and what cameras say of themselves.
"""
