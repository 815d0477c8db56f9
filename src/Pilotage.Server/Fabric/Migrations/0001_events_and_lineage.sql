CREATE TABLE fabric_events (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    time_ns     INTEGER NOT NULL,
    received_ns INTEGER NOT NULL,
    data        TEXT    NOT NULL
);

CREATE UNIQUE INDEX fabric_events_once ON fabric_events (tenant, source, id);
CREATE INDEX fabric_events_type ON fabric_events (tenant, type, position);

-- The last word of each device on each subject: reported twins, births and wills.
CREATE TABLE fabric_reported (
    tenant      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    received_ns INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    PRIMARY KEY (tenant, device, subject)
) WITHOUT ROWID;

-- Messages that were acknowledged and could not be understood, whole or in part: kept for whoever can.
CREATE TABLE fabric_bad_messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    received_ns INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    payload     BLOB    NOT NULL,
    origin      TEXT -- edge, log and offset of a forwarded message, so that it is kept once
);

CREATE INDEX fabric_bad_messages_device ON fabric_bad_messages (tenant, device, id);
CREATE UNIQUE INDEX fabric_bad_messages_once ON fabric_bad_messages (tenant, origin) WHERE origin IS NOT NULL;

CREATE TABLE fabric_lineage (
    tenant    TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    from_node TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    to_node   TEXT    NOT NULL,
    entry     BLOB    NOT NULL, -- canonical JSON, the very bytes the link was made from
    link      TEXT    NOT NULL,
    PRIMARY KEY (tenant, sequence)
) WITHOUT ROWID;

CREATE UNIQUE INDEX fabric_lineage_down ON fabric_lineage (tenant, from_node, type, to_node);
CREATE INDEX fabric_lineage_up ON fabric_lineage (tenant, to_node);
