CREATE TABLE access_audit (
    tenant   TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    entry    BLOB    NOT NULL, -- canonical JSON, the very bytes the link was made from
    link     TEXT    NOT NULL,
    PRIMARY KEY (tenant, sequence)
) WITHOUT ROWID;

CREATE TABLE access_people (
    tenant       TEXT NOT NULL,
    person       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles        TEXT NOT NULL, -- JSON array
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID;

CREATE TABLE access_approvals (
    tenant       TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    display_name TEXT    NOT NULL, -- as it was at the time of the vote
    approve      INTEGER NOT NULL,
    note         TEXT,
    bound        TEXT    NOT NULL, -- digest of what was voted on
    at_ns        INTEGER NOT NULL,
    envelope     TEXT    NOT NULL, -- DSSE, signed by the server
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID;

CREATE INDEX access_approvals_subject ON access_approvals (tenant, subject, at_ns);
