"""The record on disk that all else can be made from: landed pages, one set of files per load, checksums.

Not here: bringing a warehouse back from the record (restore).
"""
