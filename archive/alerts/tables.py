"""The tables of alerts.db."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE rules (                      -- how far the event feed has been read for each rule
  name TEXT PRIMARY KEY,
  since_run INTEGER NOT NULL,             -- the rule speaks of later runs only
  event_id INTEGER NOT NULL,              -- events up to this one are planned; run, kind and key are its own, so that
  run_id INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL) STRICT;   -- it is found again where ids have changed
CREATE TABLE messages (                   -- one message to one target; or, without a channel, what waits for a person
  id INTEGER PRIMARY KEY,
  idempotency_key TEXT NOT NULL UNIQUE,   -- webhook-id, Message-ID: the same for every attempt
  rule TEXT NOT NULL,                     -- '': held for every rule, by the settlement
  channel TEXT NOT NULL, recipient TEXT NOT NULL,
  form TEXT NOT NULL CHECK (form IN ('run','each','daily','summary','test')),
  state TEXT NOT NULL CHECK (state IN ('held','released','pending','sent','dead','dropped')),
  created_at TEXT NOT NULL, not_before TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
  attempted_at TEXT, sent_at TEXT) STRICT;
CREATE INDEX messages_by_state ON messages (state, not_before);
CREATE TABLE deliveries (                 -- one row per (event, rule, target); of two rules, one message may tell
  event_id INTEGER NOT NULL, rule TEXT NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL,
  run_id INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,           -- the event, where ids have changed
  message_id INTEGER NOT NULL REFERENCES messages,
  PRIMARY KEY (event_id, rule, channel, recipient)) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_message ON deliveries (message_id);
CREATE TABLE disabled (                   -- targets that want no more messages (410)
  channel TEXT NOT NULL, recipient TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (channel, recipient)) STRICT, WITHOUT ROWID;
CREATE TABLE issues (                     -- what an operator should look at
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, level TEXT NOT NULL CHECK (level IN ('warning','error')),
  code TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (run_id, code, message)) STRICT;
"""

#: the first makes version 1 of an empty file, the next one 2 of it, …; what is released is never edited again
MIGRATIONS = (SCHEMA,)
