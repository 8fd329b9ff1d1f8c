"""Ground floor: value types, typed config, clock, bus, store and audit log.

Every room builds on this one and on nothing else of ours. Rooms never import each other;
they meet in ``wardwatch/`` through the types of :mod:`core.video`, :mod:`core.seeing`,
:mod:`core.cases` and :mod:`core.messages`, and through the streams of :mod:`core.bus`.
"""
