"""Counts from outside who should have got a message and who did; imports nothing of difusio."""
