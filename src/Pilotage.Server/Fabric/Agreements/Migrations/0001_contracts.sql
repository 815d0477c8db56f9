-- Contracts as they came, one for each thing type.
CREATE TABLE fabric_contracts (
    tenant     TEXT    NOT NULL,
    thing      TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    document   BLOB    NOT NULL,
    written_by TEXT    NOT NULL,
    written_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, thing)
);

-- Points that were acknowledged and are kept apart until somebody releases or discards them.
CREATE TABLE fabric_quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    property    TEXT    NOT NULL,
    time_ns     INTEGER NOT NULL,
    received_ns INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    value       TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    reason      TEXT    NOT NULL
);

-- The last arrival at a time counts, as in the store; so a redelivery is kept once.
CREATE UNIQUE INDEX fabric_quarantine_once ON fabric_quarantine (tenant, device, property, time_ns);
