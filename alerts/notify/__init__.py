"""Notifications to people and systems outside the room: chat groups, e-mail, webhooks, MQTT.

:class:`alerts.notify.notifier.Notifier` is the face. It reads the audit log behind a stored
cursor, so nothing that happened is missed; what waits for a channel is in the store until it is
delivered or has expired. A channel is a file named after its protocol behind :mod:`.channel`.
"""
