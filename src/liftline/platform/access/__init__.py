"""Who may do what: keys, accounts, sessions, roles."""
