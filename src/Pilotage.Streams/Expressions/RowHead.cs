namespace Pilotage.Streams.Expressions;

/// <summary>What every row carries beside its values: the device's index, event time, the id of the input that caused it, and the texts of the run.</summary>
internal readonly record struct RowHead(int Device, long TimeNs, long InputId, TextPool Texts);
