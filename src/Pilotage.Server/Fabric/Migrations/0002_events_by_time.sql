-- Events of a device in the order in which they happened.
CREATE INDEX fabric_events_time ON fabric_events (tenant, device, time_ns, position);
