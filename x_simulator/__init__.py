"""A pretend X: its own program, spoken to only over HTTP. See README.md."""
