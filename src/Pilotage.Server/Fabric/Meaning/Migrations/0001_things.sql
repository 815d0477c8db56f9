-- Thing descriptions as they came, one for each thing type.
CREATE TABLE fabric_things (
    tenant     TEXT    NOT NULL,
    thing      TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    media      TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    document   BLOB    NOT NULL,
    written_by TEXT    NOT NULL,
    written_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, thing)
);
