-- Messages of sources that were acknowledged, that a rule takes, and that cannot be read, so that nobody knows whose they are.
CREATE TABLE fabric_dead_letters (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    topic        TEXT    NOT NULL,
    content_type TEXT,
    retained     INTEGER NOT NULL,
    received_ns  INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    payload      BLOB    NOT NULL
);

CREATE INDEX fabric_dead_letters_source ON fabric_dead_letters (tenant, source, id);
