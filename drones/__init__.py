"""Patrol missions, poses and pixel-to-ground."""
