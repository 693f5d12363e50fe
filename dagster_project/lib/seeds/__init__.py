"""Decisions that are data: the shipped CSV files with the user's own laid over them.

Not here: what a decision does (sql/).
"""
