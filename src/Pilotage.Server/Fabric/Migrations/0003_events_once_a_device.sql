-- An id is used up for the device that sent it, and for no other: a source is only what somebody says.
DROP INDEX fabric_events_once;
CREATE UNIQUE INDEX fabric_events_once ON fabric_events (tenant, device, source, id);
