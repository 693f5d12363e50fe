"""Share prices from Yahoo, kept in vintages, and the sessions that the exchanges should have had.

Not here: returns and events, which are SQL.
"""
