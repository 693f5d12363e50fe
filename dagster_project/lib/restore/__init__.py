"""The warehouse back from the record, and the record checked against the warehouse.

Not here: the files of the record themselves (record).
"""
