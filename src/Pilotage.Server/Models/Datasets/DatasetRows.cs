using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Pilotage.Server.Models.Datasets;

/// <summary>The rows of a dataset as columns in memory and as one little-endian file: unit, time, then values.</summary>
/// <remarks>A missing value is NaN. The order is the order in which the rows were stored, because the pipeline depends on it.</remarks>
internal sealed class DatasetRows(int properties)
{
    private const uint Magic = 0x31534450; // "PDS1"
    public const int HeaderBytes = 16;
    private readonly List<int> _units = [];
    private readonly List<long> _times = [];
    private readonly List<double> _values = [];

    public int Count => _units.Count;

    public int Properties => properties;

    public int Unit(int row) => _units[row];

    public long TimeNs(int row) => _times[row];

    public ReadOnlyMemory<double> Values(int row)
    {
        var copy = new double[properties];
        CollectionsMarshal.AsSpan(_values).Slice(row * properties, properties).CopyTo(copy);
        return copy;
    }

    public void Add(int unit, long timeNs, ReadOnlySpan<double> values)
    {
        _units.Add(unit);
        _times.Add(timeNs);
        _values.AddRange(values);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderBytes + (_units.Count * (sizeof(int) + sizeof(long))) + (_values.Count * sizeof(double))];
        var at = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(at, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], properties);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], _units.Count);
        at = at[HeaderBytes..];
        foreach (var unit in _units)
        {
            BinaryPrimitives.WriteInt32LittleEndian(at, unit);
            at = at[sizeof(int)..];
        }

        foreach (var time in _times)
        {
            BinaryPrimitives.WriteInt64LittleEndian(at, time);
            at = at[sizeof(long)..];
        }

        foreach (var value in _values)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(at, value);
            at = at[sizeof(double)..];
        }

        return bytes;
    }

    public static Outcome<DatasetRows> Read(ReadOnlySpan<byte> bytes)
    {
        if (!TryReadHeader(bytes, bytes.Length, out var properties, out var count))
        {
            return Malformed();
        }

        var rows = new DatasetRows(properties);
        var units = bytes[HeaderBytes..];
        var times = units[(int)(count * sizeof(int))..];
        var values = times[(int)(count * sizeof(long))..];
        var row = new double[properties];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < properties; j++)
            {
                row[j] = BinaryPrimitives.ReadDoubleLittleEndian(values[(((i * properties) + j) * sizeof(double))..]);
            }

            rows.Add(
                BinaryPrimitives.ReadInt32LittleEndian(units[(i * sizeof(int))..]),
                BinaryPrimitives.ReadInt64LittleEndian(times[(i * sizeof(long))..]),
                row);
        }

        return rows;
    }

    /// <summary>Reads what a row file begins with; false where it is none, or has another length than it says.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> head, long length, out int properties, out long count)
    {
        (properties, count) = (0, 0);
        if (head.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
        {
            return false;
        }

        properties = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        count = BinaryPrimitives.ReadInt64LittleEndian(head[8..]);
        var rowBytes = sizeof(int) + sizeof(long) + ((long)properties * sizeof(double));
        return properties >= 1 && count >= 0 && count <= length / rowBytes && HeaderBytes + (count * rowBytes) == length;
    }

    public static Refusal Malformed() => new("dataset.malformed", "The row file of the dataset is not one.");
}
