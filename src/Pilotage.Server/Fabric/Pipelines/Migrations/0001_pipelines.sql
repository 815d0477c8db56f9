-- Pipelines that run on the server: each time one is applied is a version, and the newest one runs.
CREATE TABLE fabric_pipelines (
    tenant     TEXT    NOT NULL,
    pipeline   TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    document   TEXT    NOT NULL, -- text, parameters, tables as they were, models with their versions, where it begins
    paused     TEXT, -- why it does not run; of the newest version alone
    written_by TEXT    NOT NULL,
    written_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, pipeline, version)
) WITHOUT ROWID;
