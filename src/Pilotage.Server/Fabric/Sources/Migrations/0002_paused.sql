-- Why a source is not read until somebody resumes it; NULL where it is.
ALTER TABLE fabric_sources ADD COLUMN paused TEXT;
