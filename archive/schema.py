"""The schema of archive.db, read top to bottom as a story; later changes are further migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.search.characters import APART, MARK, POINT, WIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

    from archive.sqlite import sqlite3

PRUNABLE = 3  #: the first schema whose sightings may be folded, whose captures pruned
VERSION = 3  #: PRAGMA user_version of the newest schema this release knows
APPLICATION_ID = 0x62616F67  #: "baog": tells an archive from any other SQLite file

SCHEMA = """
CREATE TABLE runs (                       -- one crawl, or one re-reading of old captures
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('crawl','reparse')),
  outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open','complete','partial','aborted','rejected')),
  exit_code INTEGER,
  parser INTEGER NOT NULL,                -- archive.pages.VERSION that settled it
  started_at TEXT NOT NULL, finished_at TEXT,          -- UTC, YYYY-MM-DDTHH:MM:SSZ everywhere
  close_reason TEXT,                      -- how the crawl phase ended; NULL: the process died
  stats TEXT NOT NULL DEFAULT '{}',       -- counts, walks, gates with observed and threshold
  CHECK ((outcome = 'open') = (finished_at IS NULL))) STRICT;
CREATE UNIQUE INDEX one_open_run ON runs (outcome) WHERE outcome = 'open';   -- two nights cannot overlap

CREATE TABLE listings (                   -- what is walked; rank: whose text speaks for an item seen in several
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, url TEXT NOT NULL, rank INTEGER NOT NULL, page_url TEXT,
  walked INTEGER NOT NULL DEFAULT 1 CHECK (walked IN (0,1))) STRICT;   -- 0: retired, its silence proves nothing

CREATE TABLE walks (                      -- how far each listing was walked: the evidence for "not there"
  run_id INTEGER NOT NULL REFERENCES runs, listing_id INTEGER NOT NULL REFERENCES listings,
  pages_expected INTEGER, pages_seen INTEGER NOT NULL, entries_seen INTEGER NOT NULL,
  complete INTEGER NOT NULL CHECK (complete IN (0,1)), stopped TEXT,
  PRIMARY KEY (run_id, listing_id), CHECK (complete = 1 OR stopped IS NOT NULL)) STRICT;
CREATE INDEX walks_proving ON walks (listing_id, run_id) WHERE complete = 1;

CREATE TABLE warc_files (                 -- files closed and indexed to their last byte
  file TEXT PRIMARY KEY, run_id INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
CREATE TABLE captures (                   -- one archived response; the bridge to the WARC
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs,
  listing_id INTEGER REFERENCES listings, page INTEGER,          -- NULL for robots.txt and the like
  url TEXT NOT NULL, status INTEGER NOT NULL, fetched_at TEXT NOT NULL,
  digest TEXT NOT NULL,                   -- SHA-256 of the payload
  payload_id INTEGER REFERENCES captures, -- NULL: its own record holds the payload; else it is a revisit of that one
  record_id TEXT NOT NULL, warc_file TEXT NOT NULL, warc_offset INTEGER NOT NULL, warc_length INTEGER NOT NULL,
  UNIQUE (warc_file, warc_offset)) STRICT;
CREATE UNIQUE INDEX captures_with_payload ON captures (record_id) WHERE payload_id IS NULL;  -- what a revisit may refer to
CREATE INDEX captures_by_run ON captures (run_id, listing_id, page);
CREATE TABLE notes (                      -- what the journal says beside responses: run-start, walk-stop, failure, run-end
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, kind TEXT NOT NULL, content TEXT NOT NULL,
  record_id TEXT NOT NULL UNIQUE, warc_file TEXT NOT NULL, warc_offset INTEGER NOT NULL) STRICT;
CREATE INDEX notes_by_run ON notes (run_id, kind);

CREATE TABLE items (                      -- one report; with memberships the only changeable state
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE, url TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'listed' CHECK (state IN ('listed','missing','withdrawn')),
  version_id INTEGER REFERENCES item_versions,          -- the current reading
  parser INTEGER NOT NULL,                -- last parser that confirmed it: its capture is re-read once per parser
  first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL, last_run_id INTEGER NOT NULL REFERENCES runs) STRICT;
CREATE TABLE memberships (                -- which listings (tags) hold or held it: the tag facet, and the ground for absence
  item_id INTEGER NOT NULL REFERENCES items, listing_id INTEGER NOT NULL REFERENCES listings,
  first_run_id INTEGER NOT NULL REFERENCES runs, last_run_id INTEGER NOT NULL REFERENCES runs,
  PRIMARY KEY (item_id, listing_id)) STRICT, WITHOUT ROWID;
CREATE VIEW absences AS                   -- complete walks of that listing since the item was last in it
SELECT m.item_id, m.listing_id,
       (SELECT count(*) FROM walks w WHERE w.listing_id = m.listing_id AND w.complete = 1 AND w.run_id > m.last_run_id) AS misses
FROM memberships m JOIN listings l ON l.id = m.listing_id WHERE l.walked = 1;
CREATE TABLE item_aliases (               -- other keys of the same report (site moved ids); written by an operator
  key TEXT PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES items, reason TEXT NOT NULL) STRICT;

CREATE TABLE item_versions (              -- append-only
  id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES items, seq INTEGER NOT NULL,
  previous_id INTEGER REFERENCES item_versions,         -- the row this one was compared with, or corrects
  cause TEXT NOT NULL CHECK (cause IN ('first','site','parser')),
  title TEXT NOT NULL, brands TEXT NOT NULL DEFAULT '[]', summary_zh TEXT NOT NULL, summary_en TEXT NOT NULL, published_on TEXT,
  content_hash TEXT NOT NULL,             -- of the folded fields: decides "changed"
  exact_hash TEXT NOT NULL,               -- of the fields as stored: decides "cosmetic"
  summary_hash TEXT NOT NULL,             -- of the folded summaries alone: finds twins when a title was edited or an id moved
  parser INTEGER NOT NULL, capture_id INTEGER NOT NULL REFERENCES captures, run_id INTEGER NOT NULL REFERENCES runs,
  observed_at TEXT NOT NULL,              -- when the site showed it
  recorded_at TEXT NOT NULL,              -- when we read it so
  UNIQUE (item_id, seq), UNIQUE (previous_id, cause),   -- one site successor and one correction each: no forks
  CHECK ((cause = 'first') = (previous_id IS NULL))) STRICT;
CREATE INDEX versions_by_summary ON item_versions (summary_hash);

CREATE TABLE item_changes (               -- which fields differ from previous_id; values come from the versions
  version_id INTEGER NOT NULL REFERENCES item_versions, field TEXT NOT NULL, PRIMARY KEY (version_id, field)) STRICT, WITHOUT ROWID;

CREATE TABLE sightings (                  -- entry n of that page was this report, reading so
  capture_id INTEGER NOT NULL REFERENCES captures, position INTEGER NOT NULL,
  item_id INTEGER NOT NULL REFERENCES items,
  version_id INTEGER REFERENCES item_versions,          -- NULL: this page showed a text that does not speak for the report
  PRIMARY KEY (capture_id, position)) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_item ON sightings (item_id, capture_id);

CREATE TABLE events (                     -- the feed; id is the reader's cursor
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, item_id INTEGER NOT NULL REFERENCES items,
  kind TEXT NOT NULL CHECK (kind IN ('appeared','changed','cosmetic','corrected','withdrawn','reappeared')),
  version_id INTEGER NOT NULL REFERENCES item_versions, at TEXT NOT NULL,
  fields TEXT NOT NULL DEFAULT '[]',      -- JSON: what changed, was corrected, or was tidied
  detail TEXT NOT NULL DEFAULT '',
  alert TEXT NOT NULL CHECK (alert IN ('due','quiet','held')),   -- may it be announced; delivery state lives elsewhere
  UNIQUE (run_id, item_id, kind, version_id, detail)) STRICT;
CREATE UNIQUE INDEX one_appearance ON events (item_id) WHERE kind = 'appeared';
CREATE UNIQUE INDEX one_cosmetic ON events (item_id, version_id, detail) WHERE kind = 'cosmetic';  -- detail = exact_hash

CREATE TABLE issues (                     -- what an operator should look at, with its evidence
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, capture_id INTEGER REFERENCES captures,
  level TEXT NOT NULL CHECK (level IN ('warning','error')), code TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX issues_by_run ON issues (run_id, level);

-- guards only; no meaning lives in triggers
CREATE TRIGGER versions_are_final  BEFORE UPDATE ON item_versions BEGIN SELECT RAISE(ABORT,'item_versions is append-only'); END;
CREATE TRIGGER versions_are_kept   BEFORE DELETE ON item_versions BEGIN SELECT RAISE(ABORT,'item_versions is append-only'); END;
CREATE TRIGGER captures_are_final  BEFORE UPDATE ON captures      BEGIN SELECT RAISE(ABORT,'captures is append-only'); END;
CREATE TRIGGER closed_runs_stay_closed BEFORE UPDATE OF outcome ON runs WHEN old.outcome NOT IN ('open','rejected')
  BEGIN SELECT RAISE(ABORT,'this run is settled'); END;

-- for people
CREATE VIEW readings AS                   -- every observation with our best, that is latest, reading of it
WITH RECURSIVE chain(observation_id, version_id) AS (
  SELECT id, id FROM item_versions WHERE cause <> 'parser'
  UNION ALL
  SELECT c.observation_id, v.id FROM chain c JOIN item_versions v ON v.previous_id = c.version_id AND v.cause = 'parser')
SELECT observation_id, max(version_id) AS version_id FROM chain GROUP BY observation_id;

CREATE VIEW reports AS                    -- what a researcher opens first: each report in its current reading
SELECT i.key, i.url, i.state, v.title, v.brands, v.summary_zh, v.summary_en, v.published_on, v.seq AS version,
       i.first_seen_at, i.last_seen_at, v.observed_at,
       (SELECT json_group_array(key) FROM (SELECT l.key FROM memberships m JOIN listings l ON l.id = m.listing_id
                                           WHERE m.item_id = i.id ORDER BY l.key)) AS listings,
       c.url AS capture_url, c.fetched_at AS capture_at, c.digest AS capture_sha256, c.warc_file, c.warc_offset, v.parser
FROM items i JOIN item_versions v ON v.id = i.version_id JOIN captures c ON c.id = v.capture_id
WHERE i.key NOT IN (SELECT key FROM item_aliases);

CREATE VIEW history AS                    -- what the site showed, by our best reading; equal neighbours folded
WITH shown AS (
  SELECT v.*, lag(v.content_hash) OVER by_time AS before FROM readings r JOIN item_versions v ON v.id = r.version_id
  WINDOW by_time AS (PARTITION BY v.item_id ORDER BY v.observed_at, r.observation_id))
SELECT i.key, s.seq AS version, s.cause, s.title, s.brands, s.summary_zh, s.summary_en, s.published_on,
       s.observed_at AS valid_from, lead(s.observed_at) OVER (PARTITION BY s.item_id ORDER BY s.observed_at, s.id) AS valid_to,
       s.recorded_at
FROM shown s JOIN items i ON i.id = s.item_id WHERE s.before IS NULL OR s.before <> s.content_hash;

CREATE VIEW changes AS                    -- field by field: what it was, what it became, and why
SELECT i.key, v.seq AS version, c.field, v.cause, v.observed_at, v.recorded_at,
       CASE c.field WHEN 'title' THEN p.title WHEN 'brands' THEN p.brands WHEN 'summary_zh' THEN p.summary_zh
                    WHEN 'summary_en' THEN p.summary_en WHEN 'published_on' THEN p.published_on END AS before,
       CASE c.field WHEN 'title' THEN v.title WHEN 'brands' THEN v.brands WHEN 'summary_zh' THEN v.summary_zh
                    WHEN 'summary_en' THEN v.summary_en WHEN 'published_on' THEN v.published_on END AS after
FROM item_changes c JOIN item_versions v ON v.id = c.version_id JOIN item_versions p ON p.id = v.previous_id
JOIN items i ON i.id = v.item_id;

CREATE VIEW item_listings AS
SELECT i.key, l.key AS listing, m.first_run_id, m.last_run_id
FROM memberships m JOIN items i ON i.id = m.item_id JOIN listings l ON l.id = m.listing_id;
"""


def segment_sql(column: str) -> str:
    """SQL for the text of a column with every Chinese character set apart: each is a token of the index.

    The same as :func:`archive.search.segment.segment`, for a shell that has nothing but SQLite.
    """
    return f"""CASE WHEN {column} NOT GLOB '*[{APART}{WIDE}]*' AND {column} NOT GLOB '*[0-9][,{POINT}][0-9]*' THEN {column} ELSE
  (WITH RECURSIVE c(i, ch) AS (SELECT 1, substr({column}, 1, 1)
                               UNION ALL SELECT i + 1, substr({column}, i + 1, 1) FROM c WHERE i < length({column}))
   SELECT replace(group_concat({_segment_character_sql(column)}, ''), char(0x200b, 0x200b), char(0x200b)) FROM c) END"""


def _segment_character_sql(text: str) -> str:
    """The same for the character ``ch``, which is number ``i`` of that text."""
    before, behind = f"substr({text}, 1, i - 1)", f"substr({text}, i + 1)"
    return f"""CASE WHEN ch GLOB '[ 0-9A-Za-z]' THEN ch
     WHEN ch GLOB '[{APART}]' THEN char(0x200b) || ch || char(0x200b)
     WHEN ch GLOB '[{WIDE}]' THEN char(unicode(ch) - 0xfee0)
     WHEN ch GLOB '[,{POINT}]' AND substr({text}, i - 1, 3) GLOB '{_DIGIT}?{_DIGIT}' THEN
       (SELECT CASE WHEN x GLOB '*{_DIGIT}[{POINT}]' THEN ch
          WHEN ch = ',' AND (length(m) > 3 OR length(n) <> 3) THEN ch
          WHEN ch <> ',' AND (y GLOB '[{POINT}]{_DIGIT}*' OR {_is_month_sql("m", "n")}) THEN ch
          ELSE CASE WHEN x GLOB '*[A-Za-z\uff21-\uff3a\uff41-\uff5a]' THEN '' ELSE char(0x3164) END
          || ch || CASE ch WHEN ',' THEN char(0x3164) ELSE char(0x3164, 0x3164) END END
        FROM (SELECT x, substr(b, length(x) + 1) AS m, y, substr(e, 1, length(e) - length(y)) AS n
              FROM (SELECT b, rtrim(b, '{_DIGITS}') AS x, e, ltrim(e, '{_DIGITS}') AS y
                    FROM (SELECT {before} AS b, {behind} AS e))))
     WHEN ch GLOB '[{_MARK_SQL}]' AND substr({text}, i - 1, 1) || substr({text}, i + 1, 1) GLOB '*[{APART}]*'
     THEN ch || char(0x200b, 0x3164, 0x200b) ELSE ch END"""


def _is_month_sql(year: str, month: str) -> str:
    years = (f"[1\uff11][9\uff19]{_DIGIT}{_DIGIT}", f"[2\uff12][0\uff10]{_DIGIT}{_DIGIT}")
    months = ("[0\uff10][1-9\uff11-\uff19]", "[1\uff11][0-2\uff10-\uff12]")
    return " AND ".join(
        "(" + " OR ".join(f"{digits} GLOB '{form}'" for form in forms) + ")"
        for digits, forms in ((year, years), (month, months))
    )


_DIGIT = "[0-9\uff10-\uff19]"
_DIGITS = "0123456789" + "".join(chr(code) for code in range(0xFF10, 0xFF1A))
_MARK_SQL = MARK.replace("'", "''")


RESEARCH = f"""
CREATE VIEW version_segments (id, zh, en, title) AS   -- the text of every version as the index takes it, in plain SQL
SELECT v.id, {segment_sql("v.summary_zh")}, {segment_sql("v.summary_en")}, {segment_sql("v.title")} FROM item_versions v;
-- one token a Chinese character, English by its stem; rowid: item_versions.id. The first column costs two bytes less for
-- each token of a version, and Chinese has the most: a sixth of the index
CREATE VIRTUAL TABLE version_index USING fts5(
  zh, en, title, content='version_segments', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO version_index (version_index, rank) VALUES ('rank', 'bm25(1.0, 1.0, 10.0)');

CREATE TABLE readings_of_figures (        -- which versions were searched for figures, and by which grammar
  version_id INTEGER PRIMARY KEY REFERENCES item_versions, grammar INTEGER NOT NULL) STRICT;
CREATE TABLE figures (                    -- extracted from the stored text by archive.figures; can be made again at any time
  version_id INTEGER NOT NULL REFERENCES item_versions,
  language TEXT NOT NULL CHECK (language IN ('zh','en')),
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,       -- code points of summary_zh or summary_en: raw = substr(…, start + 1, end - start)
  raw TEXT NOT NULL,                      -- as it stands there
  number TEXT NOT NULL, scale TEXT NOT NULL,            -- exact decimals: 3316.6 and 100000000
  value TEXT NOT NULL,                    -- number × scale, exact
  amount REAL NOT NULL,                   -- the same as a floating-point number, to sort and to plot by
  unit TEXT NOT NULL,                     -- CNY, USD, …; %; persons, …
  qualifier TEXT,                         -- over, nearly, about, …
  year INTEGER,                           -- the year it speaks of; NULL: the text does not say
  forecast INTEGER NOT NULL CHECK (forecast IN (0,1)),
  role TEXT NOT NULL CHECK (role IN ('level','share','change','threshold','count','ratio')),
  measure TEXT NOT NULL,                  -- the phrase that it measures
  PRIMARY KEY (version_id, language, start)) STRICT, WITHOUT ROWID;
CREATE TABLE figure_disagreements (       -- where Chinese and English of one version do not say the same
  version_id INTEGER NOT NULL REFERENCES item_versions, number INTEGER NOT NULL,
  kind TEXT NOT NULL,                     -- value, scale, unit, year, forecast, meaning, only_zh, only_en
  zh_start INTEGER, en_start INTEGER,     -- the figures; NULL on the side that has none
  zh_snippet TEXT NOT NULL, en_snippet TEXT NOT NULL,
  PRIMARY KEY (version_id, number)) STRICT, WITHOUT ROWID;

CREATE VIEW report_figures AS             -- the figures of every version, with its report
SELECT i.key, v.seq AS version, v.id = i.version_id AS current, v.title, f.language, f.raw, f.value, f.unit, f.year, f.forecast,
       f.role, f.measure, f.qualifier, f.amount, f.number, f.scale, f.start, f."end", v.observed_at
FROM figures f JOIN item_versions v ON v.id = f.version_id JOIN items i ON i.id = v.item_id;
CREATE VIEW report_disagreements AS
SELECT i.key, v.seq AS version, v.id = i.version_id AS current, v.title, d.kind, d.zh_snippet, d.en_snippet, d.zh_start, d.en_start, v.observed_at
FROM figure_disagreements d JOIN item_versions v ON v.id = d.version_id JOIN items i ON i.id = v.item_id;

CREATE VIEW coverage AS                   -- each listing on each date (UTC) between its first night and the last: "not there" or "not looked"?
WITH RECURSIVE
  walked(listing, date, run, outcome, complete, pages_seen, pages_expected, entries_seen, stopped) AS (
    SELECT json_extract(w.value, '$.listing'), date(r.started_at), r.id, r.outcome, json_extract(w.value, '$.complete'),
           json_extract(w.value, '$.pages_seen'), json_extract(w.value, '$.pages_expected'),
           json_extract(w.value, '$.entries_seen'), json_extract(w.value, '$.stopped')
    FROM runs r, json_each(r.stats, '$.walks') w WHERE r.kind = 'crawl' AND r.outcome <> 'open'
    UNION ALL
    SELECT json_extract(l.value, '$.key'), date(r.started_at), r.id, 'open', NULL, NULL, NULL, NULL, NULL
    FROM runs r JOIN notes n ON n.run_id = r.id AND n.kind = 'run-start', json_each(n.content, '$.listings') l
    WHERE r.kind = 'crawl' AND r.outcome = 'open'),
  looks AS (SELECT *, CASE WHEN outcome IN ('open', 'rejected') THEN outcome WHEN complete THEN 'complete' ELSE 'partial' END AS status FROM walked),
  ranked AS (SELECT *, row_number() OVER (PARTITION BY listing, date ORDER BY instr('complete partial open rejected', status), entries_seen DESC, run DESC) AS best FROM looks),
  days(listing, date, last) AS (          -- to the last night of any listing; a retired one to its own
    SELECT k.listing, min(k.date), CASE l.walked WHEN 0 THEN max(k.date) ELSE (SELECT max(date) FROM looks) END
    FROM looks k LEFT JOIN listings l ON l.key = k.listing GROUP BY k.listing
    UNION ALL SELECT listing, date(date, '+1 day'), last FROM days WHERE date < last)
SELECT d.date, d.listing, coalesce(k.status, 'missed') AS status, k.run, k.pages_seen, k.pages_expected, k.entries_seen, k.stopped
FROM days d LEFT JOIN ranked k ON k.listing = d.listing AND k.date = d.date AND k.best = 1;

CREATE TABLE recipes (                    -- queries worth knowing, for whoever has this file and nothing else
  name TEXT PRIMARY KEY, title TEXT NOT NULL, sql TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

UPKEEP = """
ALTER TABLE captures ADD COLUMN pruned_at TEXT;  -- when `baogao prune` dropped the payload; place and length are then those of what stands for it
DROP TRIGGER captures_are_final;
CREATE TRIGGER captures_are_final                     -- but for its place: a file that is pruned moves what is behind
  BEFORE UPDATE OF id, run_id, listing_id, page, url, status, fetched_at, digest, payload_id, record_id, warc_file ON captures
  BEGIN SELECT RAISE(ABORT,'captures is append-only'); END;
CREATE INDEX captures_by_page ON captures (listing_id, page, run_id) WHERE status = 200;
CREATE INDEX memberships_by_listing ON memberships (listing_id);  -- without last_run_id: else every night would rewrite it
CREATE TABLE sighting_spans (             -- old sightings, folded by `baogao compact`: on that page of that listing, reading so,
  item_id INTEGER NOT NULL REFERENCES items, listing_id INTEGER NOT NULL REFERENCES listings, page INTEGER NOT NULL,
  version_id INTEGER REFERENCES item_versions,          -- once in every answer (status 200) of that page from the first run to the last
  first_run_id INTEGER NOT NULL REFERENCES runs, last_run_id INTEGER NOT NULL REFERENCES runs,
  PRIMARY KEY (item_id, listing_id, page, first_run_id), CHECK (first_run_id <= last_run_id)) STRICT, WITHOUT ROWID;
CREATE VIEW shown AS                      -- which report stood on which capture, reading so: folded or not; position: NULL where folded
SELECT capture_id, position, item_id, version_id FROM sightings
UNION ALL
SELECT c.id, NULL, s.item_id, s.version_id FROM sighting_spans s CROSS JOIN captures c
ON c.listing_id = s.listing_id AND c.page = s.page AND c.run_id BETWEEN s.first_run_id AND s.last_run_id AND c.status = 200;
"""

#: asks the index with nothing but SQL: words are ANDed, characters are set apart as in the view, nothing typed is an error
SEARCH_RECIPE = f"""SELECT i.key, v.seq AS version, v.id = i.version_id AS current,
  replace(replace(snippet(version_index, -1, '[', ']', '…', 24), char(0x200b), ''), char(0x3164), '') AS snippet
FROM version_index JOIN item_versions v ON v.id = version_index.rowid JOIN items i ON i.id = v.item_id
WHERE version_index MATCH (
  WITH RECURSIVE t(q) AS (SELECT trim(replace(coalesce(:q, ''), char(0x3000), ' '), ' ,.:;!?()-''"，。、：；！？（）《》“”「」【】…—')),
       c(i, ch) AS (SELECT 1, substr(q, 1, 1) FROM t UNION ALL SELECT i + 1, substr(q, i + 1, 1) FROM c, t WHERE i < length(q))
  SELECT '"' || group_concat(CASE WHEN ch = ' ' THEN '" "' WHEN ch = '"' THEN ' '
     WHEN ch GLOB '[{_MARK_SQL}]' AND (substr(q, i - 1, 1) IN ('', ' ') OR substr(q, i + 1, 1) IN ('', ' ')) THEN ' '
     ELSE {_segment_character_sql("q")} END, '') || '"' FROM c, t)
ORDER BY version_index.rank LIMIT 20"""

RECIPES = (
    ("search", "Search / 搜索: :q holds the words", SEARCH_RECIPE),
    (
        "index-rebuild",
        "Make the index again from the texts",
        "INSERT INTO version_index (version_index) VALUES ('rebuild')",
    ),
    (
        "index-update",
        "Index the versions that are not in it yet",
        """INSERT INTO version_index (rowid, zh, en, title) SELECT id, zh, en, title FROM version_segments
WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize)""",
    ),
    (
        "index-check",
        "An error where the index is not what the texts say",
        "INSERT INTO version_index (version_index, rank) VALUES ('integrity-check', 1)",
    ),
)


def _create(db: Database) -> None:
    for statement in split_statements(SCHEMA):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _add_research(db: Database) -> None:
    for statement in split_statements(RESEARCH):
        db.execute(statement)
    db.conn.executemany("INSERT INTO recipes VALUES (?, ?, ?)", RECIPES)


def _add_upkeep(db: Database) -> None:
    for statement in split_statements(UPKEEP):
        db.execute(statement)


#: the first makes schema 1, the next one 2 of it, …; what is released is never edited again
MIGRATIONS: tuple[Callable[[Database], None], ...] = (_create, _add_research, _add_upkeep)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an empty or older archive to :data:`VERSION`, each migration in one transaction."""
    import sqlite_utils  # noqa: PLC0415 - 0.2 s of start-up that only a new or older archive pays

    migrations = sqlite_utils.Migrations("baogao")
    for number, change in enumerate(MIGRATIONS, 1):
        migrations(name=f"{number:04d}")(_with_number(change, number))
    migrations.apply(sqlite_utils.Database(connection))


def _with_number(change: Callable[[Database], None], number: int) -> Callable[[Database], None]:
    def migration(db: Database) -> None:
        change(db)
        db.execute(f"PRAGMA user_version = {number}")

    return migration


def split_statements(script: str) -> list[str]:
    """The script's statements: executescript would commit the transaction that holds the migration."""
    from archive.sqlite import sqlite3  # noqa: PLC0415

    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
