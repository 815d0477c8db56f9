using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>What a footer says beside its blocks.</summary>
/// <param name="LastSequence">Sequence of the last record of the head's log that is in the segment.</param>
/// <param name="NextArrival">The next arrival after it.</param>
/// <param name="Marks">How far the logs of edges had come.</param>
/// <param name="States">
/// The id of each shape and the states of its series when the last head with that shape was sealed; later ones last, for
/// shapes have series in common.
/// </param>
internal sealed record SegmentFacts(
    long LastSequence,
    long NextArrival,
    IReadOnlyDictionary<(string Edge, string LogId), long> Marks,
    IReadOnlyList<(int Shape, SeriesSnapshot[] States)> States)
{
    /// <summary>Both together, the other one being the later.</summary>
    public SegmentFacts With(SegmentFacts later)
    {
        var known = later.States.Select(each => each.Shape).ToHashSet();
        return later with { States = [.. States.Where(each => !known.Contains(each.Shape)), .. later.States] };
    }
}
