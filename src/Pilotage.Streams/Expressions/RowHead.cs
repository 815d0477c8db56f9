namespace Pilotage.Streams.Expressions;

/// <summary>What every row carries beside its values: the device's index, event time, and the id of the input that
/// caused it.</summary>
internal readonly record struct RowHead(int Device, long TimeNs, long InputId);
