"""What goes wrong when somebody asks for it: rules, whom they strike, what a strike does."""
