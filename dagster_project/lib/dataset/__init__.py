"""The record and the publication at a dataset of the Hub: from there to here, and from here to there.

Belongs here: what lies at such a place, fetching it, and adding a day to it.
Does not belong here: the record of this home (record) and what is published in it (publish).
"""
