"""Streams: what is told line by line to whoever keeps listening."""
