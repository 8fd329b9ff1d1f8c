"""Warnings (喊话) to loudspeakers: words, speech, rules, drivers, receipts.

The face is :class:`broadcast.announcer.Announcer`: ``handle(announcement)`` always gives a
receipt. :class:`broadcast.text.WarningWriter` chooses the words. Drivers, one file a protocol,
stand behind :class:`broadcast.base.SpeakerDriver`. A channel is open only while it speaks.
"""
