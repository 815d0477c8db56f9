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
    private readonly (int Offset, int Length)[] _segments;
    private float* _memory;

    public RowBuffer(IReadOnlyList<TensorInfo> tensors)
    {
        _segments = new (int, int)[tensors.Count];
        var end = 0;
        for (var i = 0; i < tensors.Count; i++)
        {
            var length = (int)tensors[i].Elements(rows: 1);
            _segments[i] = (end, length);
            Width += length;
            const int Line = Alignment / sizeof(float);
            end += (length + Line - 1) / Line * Line;
        }

        var bytes = (nuint)Math.Max(end, 1) * sizeof(float);
        _memory = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_memory, bytes);
    }

    /// <summary>Floats over all segments, padding left out.</summary>
    public int Width { get; }

    public Span<float> Segment(int index) => new(_memory + _segments[index].Offset, _segments[index].Length);

    public void Write(ReadOnlySpan<float> row)
    {
        for (var i = 0; i < _segments.Length; i++)
        {
            row[.._segments[i].Length].CopyTo(Segment(i));
            row = row[_segments[i].Length..];
        }
    }

    public void Read(Span<float> row)
    {
        for (var i = 0; i < _segments.Length; i++)
        {
            Segment(i).CopyTo(row);
            row = row[_segments[i].Length..];
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
