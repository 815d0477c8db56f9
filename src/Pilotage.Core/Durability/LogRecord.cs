namespace Pilotage.Core.Durability;

/// <summary>One durable record.</summary>
/// <param name="Sequence">Its place in the log, from 1, without gaps where nothing is damaged.</param>
/// <param name="Payload">Its bytes; the memory belongs to the reader.</param>
public readonly record struct LogRecord(long Sequence, ReadOnlyMemory<byte> Payload);

/// <summary>Records that were durable and can no longer be read.</summary>
public readonly record struct LogDamage(long FirstSequence, long LastSequence);
