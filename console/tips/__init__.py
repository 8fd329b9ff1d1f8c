"""What the public may send and ask, without an account, and what the desk sees of it.

Its faces are the routers ``console.api.tip`` (for everybody) and ``console.api.tips`` (the desk).
"""
