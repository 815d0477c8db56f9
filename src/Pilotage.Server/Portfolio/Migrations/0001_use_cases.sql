CREATE TABLE portfolio_use_cases (
  tenant TEXT NOT NULL,
  use_case TEXT NOT NULL,
  definition TEXT NOT NULL,
  stage TEXT NOT NULL,
  since_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, use_case)
) STRICT;

-- One frozen baseline per use case: the document for reading, the envelope for believing.
CREATE TABLE portfolio_baselines (
  tenant TEXT NOT NULL,
  use_case TEXT NOT NULL,
  digest TEXT NOT NULL,
  document TEXT NOT NULL,
  envelope TEXT NOT NULL,
  frozen_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, use_case)
) STRICT;

-- Append-only: every line carries a link that follows from the line before.
CREATE TABLE portfolio_ledger (
  tenant TEXT NOT NULL,
  use_case TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  entry TEXT NOT NULL,
  link TEXT NOT NULL,
  PRIMARY KEY (tenant, use_case, sequence)
) STRICT;

CREATE TABLE portfolio_verdicts (
  tenant TEXT NOT NULL,
  alert TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  answer TEXT NOT NULL,
  cause TEXT,
  note TEXT,
  person TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, alert, sequence)
) STRICT;

CREATE TABLE portfolio_thresholds (
  tenant TEXT NOT NULL,
  use_case TEXT NOT NULL,
  run TEXT NOT NULL,
  document TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  PRIMARY KEY (tenant, use_case, run)
) STRICT;
