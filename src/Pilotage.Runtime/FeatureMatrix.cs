using System.Runtime.InteropServices;
using Pilotage.Core;

namespace Pilotage.Runtime;

/// <summary>The inputs of one model, a row per question it would have been asked, in the order it would have been
/// asked.</summary>
public sealed class FeatureMatrix(IReadOnlyList<string> columns)
{
    private readonly List<float> _values = [];
    private readonly List<(DeviceId Device, long TimeNs)> _rows = [];

    /// <summary>The names of the model's inputs.</summary>
    public IReadOnlyList<string> Columns => columns;

    /// <summary>How many rows there are.</summary>
    public int Rows => _rows.Count;

    /// <summary>All values, row after row.</summary>
    public ReadOnlySpan<float> Values => CollectionsMarshal.AsSpan(_values);

    /// <summary>Rows that were left out because the model does not take a NULL they had.</summary>
    public long Rejected { get; internal set; }

    /// <summary>Rows the pipeline dropped as late, repeated, out of range or of a device too many.</summary>
    public long Dropped { get; internal set; }

    /// <summary>The device and event time of a row.</summary>
    public (DeviceId Device, long TimeNs) Key(int row) => _rows[row];

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => Values.Slice(row * columns.Count, columns.Count);

    /// <summary>The same rows, device by device and in time: how the messages of different devices fell between one
    /// another on arrival changes nothing in a model trained on them.</summary>
    public FeatureMatrix Ordered()
    {
        var order = Enumerable.Range(0, Rows)
            .OrderBy(row => _rows[row].Device.Value, StringComparer.Ordinal)
            .ThenBy(row => _rows[row].TimeNs);
        var ordered = new FeatureMatrix(columns) { Rejected = Rejected, Dropped = Dropped };
        foreach (var row in order)
        {
            ordered.Add(_rows[row].Device, _rows[row].TimeNs, Row(row));
        }

        return ordered;
    }

    internal void Add(DeviceId device, long timeNs, ReadOnlySpan<float> features)
    {
        _rows.Add((device, timeNs));
        _values.AddRange(features);
    }
}
