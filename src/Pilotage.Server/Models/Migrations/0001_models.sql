CREATE TABLE models_packages (
  tenant TEXT NOT NULL,
  digest TEXT NOT NULL,
  use_case TEXT NOT NULL,
  site TEXT NOT NULL,
  files TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, digest)
) STRICT;

-- A dataset's versions are never changed; the manifest is an artifact, its digest is the dataset's identity.
CREATE TABLE models_datasets (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, name, version)
) STRICT;

CREATE TABLE models_runs (
  tenant TEXT NOT NULL,
  run TEXT NOT NULL,
  request TEXT NOT NULL,
  status TEXT NOT NULL,
  progress TEXT NOT NULL,
  result TEXT,
  started_ns INTEGER NOT NULL,
  ended_ns INTEGER,
  PRIMARY KEY (tenant, run)
) STRICT;

CREATE TABLE models_versions (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  document TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, name, version)
) STRICT;
