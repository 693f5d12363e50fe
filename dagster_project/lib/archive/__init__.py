"""Past days that nobody observed: from the public archive of the listing, or from a user's own file.

Not here: how a day is stored once it is read (hub).
"""
