"""What officers' phones ask of the console and what becomes of it.

Its faces are the routers ``console.api.field*`` and, for the desk, ``console.api.alarms``.
"""
