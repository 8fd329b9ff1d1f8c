"""The web application: sign-in, live wall, incident queue, incident pages and map.

:func:`console.app.create_app` makes the ASGI application from a
:class:`console.services.Services`; :class:`console.feed.Feed` takes messages from the bus to the
browsers, :func:`console.accounts.create_user` makes accounts. The pages live in ``console/web``.
"""
