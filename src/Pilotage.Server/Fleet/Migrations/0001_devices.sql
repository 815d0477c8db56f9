CREATE TABLE fleet_devices (
    tenant      TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    thing       TEXT    NOT NULL,
    edge        TEXT,
    hardware    TEXT,
    status      INTEGER NOT NULL, -- 0 declared, 1 enrolled, 2 revoked
    created_ns  INTEGER NOT NULL,
    enrolled_ns INTEGER,
    certificate TEXT,             -- digest of the one certificate that is accepted
    PRIMARY KEY (tenant, device)
) WITHOUT ROWID;

CREATE UNIQUE INDEX fleet_devices_path ON fleet_devices (tenant, path);

CREATE TABLE fleet_enrolments (
    tenant      TEXT    NOT NULL,
    secret_hash TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    expires_ns  INTEGER NOT NULL,
    used_ns     INTEGER,
    PRIMARY KEY (tenant, secret_hash)
) WITHOUT ROWID;
