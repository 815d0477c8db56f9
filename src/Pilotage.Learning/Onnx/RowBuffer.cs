using System.Runtime.InteropServices;

namespace Pilotage.Learning.Onnx;

/// <summary>Native memory for the tensors of one side of a model, each on its own cache line.</summary>
/// <remarks>
/// The library's vector loops give other last bits at other alignments, so every buffer begins on 64 bytes: then the
/// same row gives the same answer in every process. Invariant: a segment is only used before <see cref="Dispose"/>.
/// </remarks>
internal sealed unsafe class RowBuffer : IDisposable
{
    public const int Alignment = 64;
    private readonly (int Offset, int Width)[] _segments;
    private float* _memory;

    public RowBuffer(IReadOnlyList<TensorInfo> tensors, int rowsMax)
    {
        _segments = new (int, int)[tensors.Count];
        var end = 0;
        for (var i = 0; i < tensors.Count; i++)
        {
            var width = (int)tensors[i].Elements(rows: 1);
            _segments[i] = (end, width);
            Width += width;
            const int Line = Alignment / sizeof(float);
            end = checked(end + (((width * rowsMax) + Line - 1) / Line * Line));
        }

        var bytes = (nuint)Math.Max(end, 1) * sizeof(float);
        _memory = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_memory, bytes);
    }

    /// <summary>Floats of one row over all segments, padding left out.</summary>
    public int Width { get; }

    /// <summary>The first rows of one tensor.</summary>
    public Span<float> Segment(int index, int rows) => new(_memory + _segments[index].Offset, _segments[index].Width * rows);

    /// <summary>Rows of all tensors one after the other, into the tensors.</summary>
    public void Write(ReadOnlySpan<float> rows, int count)
    {
        if (_segments.Length == 1)
        {
            // Fast path: one tensor is laid out as the rows are.
            rows[..(count * Width)].CopyTo(Segment(0, count));
            return;
        }

        var before = 0;
        for (var i = 0; i < _segments.Length; i++)
        {
            var width = _segments[i].Width;
            var segment = Segment(i, count);
            for (var row = 0; row < count; row++)
            {
                rows.Slice((row * Width) + before, width).CopyTo(segment[(row * width)..]);
            }

            before += width;
        }
    }

    /// <summary>The way back.</summary>
    public void Read(Span<float> rows, int count)
    {
        if (_segments.Length == 1)
        {
            Segment(0, count).CopyTo(rows);
            return;
        }

        var before = 0;
        for (var i = 0; i < _segments.Length; i++)
        {
            var width = _segments[i].Width;
            var segment = Segment(i, count);
            for (var row = 0; row < count; row++)
            {
                segment.Slice(row * width, width).CopyTo(rows[((row * Width) + before)..]);
            }

            before += width;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
