"""Warnings to loudspeakers: speech, drivers, receipts."""
