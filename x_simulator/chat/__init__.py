"""Encrypted chat, as long as nobody here can open it: real envelopes around noise."""
