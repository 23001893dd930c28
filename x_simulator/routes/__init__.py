"""X's endpoints by subject, the control calls and the customer page."""
