"""Packets to segments, and sealed evidence cut from them."""
