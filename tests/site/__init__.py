"""The site of static files."""
