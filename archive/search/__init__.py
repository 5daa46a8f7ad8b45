"""Search in both languages: one token a Chinese character, English by its stem, in SQLite's own full-text index."""
