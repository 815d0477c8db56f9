namespace Pilotage.Streams.Expressions;

/// <summary>What a value of the row has to be at least, or at most, for a condition to be true; one of the two is infinite.</summary>
internal readonly record struct SlotBound(int Slot, double Least, double Most);
