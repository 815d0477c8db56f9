-- How long the points of series are kept.
CREATE TABLE fabric_retention (
    tenant      TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    path        TEXT,
    thing       TEXT,
    property    TEXT,
    keep_ns     INTEGER NOT NULL,
    rollup_ns   INTEGER, -- length of the windows that outlive the points; none where nothing does
    rollup_keep_ns INTEGER, -- how long those are kept; for good where nothing is said
    written_by  TEXT    NOT NULL,
    written_ns  INTEGER NOT NULL,
    PRIMARY KEY (tenant, rule)
) WITHOUT ROWID;

-- Up to where the points of a series were summed up to windows: before this they are made of no more points.
CREATE TABLE fabric_retention_floors (
    tenant   TEXT    NOT NULL,
    device   TEXT    NOT NULL,
    property TEXT    NOT NULL,
    floor_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, device, property)
) WITHOUT ROWID;

-- When points were looked through last, so that a clock that jumps is noticed.
CREATE TABLE fabric_retention_sweeps (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    last_ns INTEGER NOT NULL
);
