"""Backup and restore: a copy that is whole at every moment, taken beside whatever runs.

The order makes a backup consistent, without the crawl's lock:

1. ``alerts.db`` first: an outbox older than its archive is what a machine has whose ``notify`` was down. It plans what
   it does not know yet, under the ids that those messages have anyway; a newer one would hold events as told that the
   copy of the archive does not know, and whose numbers it gives to others.
2. ``archive.db`` next, as of one moment, and only then the WARC files. A WARC file is written before the row that
   points into it and never changes once it is closed: whatever the copy refers to is there afterwards, byte for byte.
3. A file that is still ``.open`` by then is of a night in progress. It is left out, and so are its rows, in the copy: a
   restored archive stands where its last settled run left it, and the next night begins as if this one had not. A file
   that was closed in between is taken whole; what the copy does not know of it, the next writing command indexes, as
   after a crash.
4. ``manifest.json`` last, in one rename: until then the earlier backup is the backup.
"""
