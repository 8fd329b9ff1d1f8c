"""The parts of the hub, one file each: a class with ``run()`` that works until the hub stops.

They share nothing but the store and meet on the bus, so any of them could run elsewhere.
:mod:`wardwatch.parts.base` runs each in a thread and starts it again when it fails.
"""
