namespace Pilotage.Broker.Sessions;

/// <summary>A packet that may leave once its record is durable.</summary>
internal readonly record struct LogStep(Session Session, Outgoing Packet, ValueTask<long> Stored);
