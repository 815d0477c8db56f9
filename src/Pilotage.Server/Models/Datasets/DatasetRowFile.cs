using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Pilotage.Server.Models.Datasets;

/// <summary>The row file of a dataset read from its beginning to its end, some rows at a time: what it takes of memory does not depend on how long it is.</summary>
/// <remarks>Units, times and values stand one behind the other in it, so three places move through it together.</remarks>
internal sealed class DatasetRowFile : IDisposable
{
    private const int ChunkBytes = 64 * 1024;
    private readonly Stream _file;
    private readonly int[] _units;
    private readonly long[] _times;
    private readonly double[] _values;
    private int _at;
    private int _loaded;
    private long _next;

    private DatasetRowFile(Stream file, int properties, long count)
    {
        (_file, Properties, Count) = (file, properties, count);
        var rows = Math.Max(1, ChunkBytes / (properties * sizeof(double)));
        (_units, _times, _values) = (new int[rows], new long[rows], new double[rows * properties]);
    }

    public int Properties { get; }

    public long Count { get; }

    /// <summary>The unit of the row that was read last.</summary>
    public int Unit => _units[_at];

    public long TimeNs => _times[_at];

    /// <summary>Its values, until the next one is read.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(_at * Properties, Properties);

    /// <summary>Takes a file over; refused where it is none, or not whole.</summary>
    public static Outcome<DatasetRowFile> Open(Stream file)
    {
        Span<byte> head = stackalloc byte[DatasetRows.HeaderBytes];
        if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) != head.Length || !DatasetRows.TryReadHeader(head, file.Length, out var properties, out var count))
        {
            file.Dispose();
            return DatasetRows.Malformed();
        }

        return new DatasetRowFile(file, properties, count);
    }

    /// <summary>Begins anew, before the first row.</summary>
    public void Restart() => (_at, _loaded, _next) = (0, 0, 0);

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Read()
    {
        if (_at + 1 < _loaded)
        {
            _at++;
            return true;
        }

        (_at, _loaded) = (0, (int)Math.Min(_units.Length, Count - _next));
        if (_loaded <= 0)
        {
            return false;
        }

        var times = DatasetRows.HeaderBytes + (Count * sizeof(int));
        Load(DatasetRows.HeaderBytes + (_next * sizeof(int)), _units.AsSpan(0, _loaded));
        Load(times + (_next * sizeof(long)), _times.AsSpan(0, _loaded));
        Load(times + (Count * sizeof(long)) + (_next * Properties * sizeof(double)), _values.AsSpan(0, _loaded * Properties));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(_units, _units);
            BinaryPrimitives.ReverseEndianness(_times, _times);
            var bits = MemoryMarshal.Cast<double, long>(_values.AsSpan());
            BinaryPrimitives.ReverseEndianness(bits, bits);
        }

        _next += _loaded;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private void Load<T>(long place, Span<T> into)
        where T : unmanaged
    {
        _file.Position = place;
        _file.ReadExactly(MemoryMarshal.AsBytes(into));
    }
}
