"""How calls to X are made (`base`), and those that tweepy does not have, by what they are about.
`client.Client` is all of them."""
