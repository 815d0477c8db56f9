namespace Pilotage.Server.Fabric.Ingest;

/// <summary>What could not be understood of a payload, part by part; of very many parts the first ones.</summary>
internal sealed class ReadingFaults
{
    /// <summary>Most that are kept word by word.</summary>
    public const int KeptMax = 100;

    private readonly List<RefusalDetail> _kept = [];

    /// <summary>All, also those that are not kept.</summary>
    public int Count { get; private set; }

    public IReadOnlyList<RefusalDetail> Kept => _kept;

    public void Add(string where, string says)
    {
        Count++;
        if (_kept.Count < KeptMax)
        {
            _kept.Add(new(where, says));
        }
    }

    /// <summary>Puts those that are kept into another order, equal ones as they came.</summary>
    public void Sort(Func<RefusalDetail, int> by)
    {
        RefusalDetail[] sorted = [.. _kept.OrderBy(by)];
        _kept.Clear();
        _kept.AddRange(sorted);
    }

    /// <summary>The first in one sentence, and how many more there are; null when there is none.</summary>
    public string? Words() => Count == 0 ? null : $"{_kept[0].Where}{(_kept[0].Where.Length > 0 ? ": " : "")}{_kept[0].Message}{(Count > 1 ? $" (and {Count - 1} more)" : "")}";
}
