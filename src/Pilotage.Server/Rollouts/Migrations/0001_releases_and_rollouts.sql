CREATE TABLE rollouts_releases (
    tenant          TEXT    NOT NULL,
    release         TEXT    NOT NULL,
    use_case        TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    sequence        INTEGER NOT NULL, -- rises per use case: an edge never goes below what it runs
    manifest_digest TEXT    NOT NULL,
    envelope        TEXT    NOT NULL, -- DSSE, JSON
    created_ns      INTEGER NOT NULL,
    PRIMARY KEY (tenant, release)
) STRICT;

CREATE UNIQUE INDEX rollouts_releases_sequence ON rollouts_releases (tenant, use_case, sequence);

CREATE TABLE rollouts_rollouts (
    tenant     TEXT    NOT NULL,
    rollout    TEXT    NOT NULL,
    release    TEXT    NOT NULL,
    use_case   TEXT    NOT NULL,
    plan       TEXT    NOT NULL, -- written before the start, never changed
    state      TEXT    NOT NULL, -- all a controller needs to go on
    status     TEXT    NOT NULL,
    created_ns INTEGER NOT NULL,
    ended_ns   INTEGER,
    PRIMARY KEY (tenant, rollout)
) STRICT;

CREATE TABLE rollouts_timeline (
    tenant   TEXT    NOT NULL,
    rollout  TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    at_ns    INTEGER NOT NULL,
    device   TEXT, -- NULL: about the rollout as a whole
    what     TEXT    NOT NULL,
    cause    TEXT    NOT NULL,
    PRIMARY KEY (tenant, rollout, sequence)
) STRICT;

-- Which release speaks for a device; what a device runs is what its edge attested, this is what it should.
CREATE TABLE rollouts_primaries (
    tenant   TEXT    NOT NULL,
    device   TEXT    NOT NULL,
    use_case TEXT    NOT NULL,
    release  TEXT    NOT NULL,
    since_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, device, use_case)
) STRICT;

-- The challenge of an edge's offer of a release; it stays when the release is promoted, so that nothing is restarted by that.
CREATE TABLE rollouts_challenges (
    tenant    TEXT NOT NULL,
    edge      TEXT NOT NULL,
    release   TEXT NOT NULL,
    challenge TEXT NOT NULL,
    PRIMARY KEY (tenant, edge, release)
) STRICT;

CREATE TABLE rollouts_desired (
    tenant  TEXT    NOT NULL,
    edge    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    digest  TEXT    NOT NULL, -- of the document without its version
    PRIMARY KEY (tenant, edge)
) STRICT;
