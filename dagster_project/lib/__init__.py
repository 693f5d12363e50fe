"""The work, free of Dagster: a room for each subject, and beside them the ground floor for all of them.

The ground floor imports no room. Which room may import which is pinned in tests/test_rooms.py.
"""
