-- A code is asked for by its secret alone and taken back by its device; with many devices each was a look at all codes.
CREATE INDEX fleet_enrolments_secret ON fleet_enrolments (secret_hash);
CREATE INDEX fleet_enrolments_device ON fleet_enrolments (tenant, device);
