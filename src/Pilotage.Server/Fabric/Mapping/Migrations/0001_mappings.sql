-- Mappings as they came; the highest version of a name is in force.
CREATE TABLE fabric_mappings (
    tenant     TEXT    NOT NULL,
    mapping    TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    document   BLOB    NOT NULL,
    written_by TEXT    NOT NULL,
    written_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, mapping, version)
);
