"""The web page: Datasette over the archive, read-only, with pages of our own."""
