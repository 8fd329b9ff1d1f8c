"""What each process of a machine runs; ``python -m wardwatch.processes ROLE DATA_DIR``.

``bus`` the embedded Valkey, ``township`` the simulated cameras (demo only), ``recorder`` writes
and relays, ``analyst`` looks, ``hub`` is the desk: alerts, broadcast, evidence, console. A role is
a function ``run(context)`` that returns when ``context.stop`` is set.
"""
