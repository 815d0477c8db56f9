-- A revocation takes unused codes back; earlier versions left them.
DELETE FROM fleet_enrolments WHERE used_ns IS NULL AND EXISTS (
    SELECT 1 FROM fleet_devices d WHERE d.tenant = fleet_enrolments.tenant AND d.device = fleet_enrolments.device AND d.status = 2);
