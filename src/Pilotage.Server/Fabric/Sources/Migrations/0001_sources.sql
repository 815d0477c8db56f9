-- Brokers of others that the server reads from as a client.
CREATE TABLE fabric_sources (
    tenant     TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    settings   TEXT    NOT NULL, -- JSON; nothing secret
    secrets    TEXT    NOT NULL, -- JSON: password and key, read only to connect
    written_by TEXT    NOT NULL,
    written_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, source)
);
