-- Ids of devices that were deleted after a revocation: their certificates stay refused when an id is used again.
CREATE TABLE fleet_deleted (
    tenant     TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    deleted_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, device)
) WITHOUT ROWID;
