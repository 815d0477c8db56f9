using System.Runtime.InteropServices;

namespace Pilotage.Learning.Onnx;

/// <summary>A dense tensor of any carried type in row-major order, in memory the garbage collector does not move.</summary>
/// <remarks>Begins on 64 bytes, for the reason given at <see cref="RowBuffer"/>. Texts lie beside, as objects.</remarks>
public sealed class Tensor
{
    private readonly byte[] _memory;
    private readonly string[]? _texts;
    private readonly int _start;
    private readonly int _length;

    /// <summary>Makes a tensor of zeros, or of empty texts.</summary>
    public Tensor(TensorType type, params long[] shape)
    {
        var size = TensorTypes.SizeOf(type);
        if (type != TensorType.Text)
        {
            ArgumentOutOfRangeException.ThrowIfZero(size, nameof(type));
        }

        long elements = 1;
        foreach (var dimension in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
            elements = checked(elements * dimension);
        }

        Type = type;
        Shape = shape;
        Elements = checked((int)elements);
        if (type == TensorType.Text)
        {
            _texts = new string[Elements];
            Array.Fill(_texts, "");
        }

        _length = checked(Elements * size);
        _memory = GC.AllocateArray<byte>(checked(_length + RowBuffer.Alignment), pinned: true);
        var misaligned = (int)(Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) % RowBuffer.Alignment);
        _start = (RowBuffer.Alignment - misaligned) % RowBuffer.Alignment;
    }

    /// <summary>The type of its elements.</summary>
    public TensorType Type { get; }

    /// <summary>Its dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>How many elements it has.</summary>
    public int Elements { get; }

    /// <summary>Its elements as raw bytes, little-endian; none for texts.</summary>
    public Span<byte> Bytes => _memory.AsSpan(_start, _length);

    /// <summary>Its elements, when they are texts.</summary>
    public Span<string> Texts => _texts ?? throw new InvalidOperationException($"A tensor of {Type} has no texts.");

    /// <summary>Makes a tensor of given values; their number must fit the shape.</summary>
    public static Tensor Of(ReadOnlySpan<float> values, params long[] shape) => Copy(TensorType.Float32, values, shape);

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, long[])"/>
    public static Tensor Of(ReadOnlySpan<long> values, params long[] shape) => Copy(TensorType.Int64, values, shape);

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, long[])"/>
    public static Tensor Of(ReadOnlySpan<string> values, params long[] shape)
    {
        var tensor = new Tensor(TensorType.Text, shape);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, tensor.Elements, nameof(values));
        values.CopyTo(tensor.Texts);
        return tensor;
    }

    /// <summary>Its elements as values of <typeparamref name="T"/>, whose size must be that of the type.</summary>
    public Span<T> As<T>()
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(Marshal.SizeOf<T>(), TensorTypes.SizeOf(Type), nameof(T));
        return MemoryMarshal.Cast<byte, T>(Bytes);
    }

    /// <summary>Type and dimensions as refusals write them, <c>Float32[1,3]</c>.</summary>
    public override string ToString() => TensorInfo.Written(Type, Shape);

    private static Tensor Copy<T>(TensorType type, ReadOnlySpan<T> values, long[] shape)
        where T : unmanaged
    {
        var tensor = new Tensor(type, shape);
        var into = tensor.As<T>();
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, into.Length, nameof(values));
        values.CopyTo(into);
        return tensor;
    }
}
