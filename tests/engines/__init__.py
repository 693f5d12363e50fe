"""The same models on several engines, compared row for row (`make test-engines`)."""
