"""Calls that tweepy does not have, by what they are about. `client.Client` is all of them."""
