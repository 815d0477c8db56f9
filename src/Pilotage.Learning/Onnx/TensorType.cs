namespace Pilotage.Learning.Onnx;

/// <summary>The type of a tensor's elements, in ONNX's numbering.</summary>
public enum TensorType
{
    /// <summary>Not a tensor, or one of a type that is not carried here (sub-byte types, complex numbers, sequences, maps).</summary>
    Other = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,

    /// <summary>Strings; they have no fixed size, see <see cref="Tensor.Texts"/>.</summary>
    Text = 8,
    Boolean = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    Float8E4M3FNUZ = 18,
    Float8E5M2 = 19,
    Float8E5M2FNUZ = 20,
}

/// <summary>Sizes of the types.</summary>
internal static class TensorTypes
{
    /// <summary>Bytes of one element; 0 for texts and for what is not carried.</summary>
    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.UInt8 or TensorType.Int8 or TensorType.Boolean => 1,
        TensorType.Float8E4M3FN or TensorType.Float8E4M3FNUZ or TensorType.Float8E5M2 or TensorType.Float8E5M2FNUZ => 1,
        TensorType.UInt16 or TensorType.Int16 or TensorType.Float16 or TensorType.BFloat16 => 2,
        TensorType.Float32 or TensorType.Int32 or TensorType.UInt32 => 4,
        TensorType.Int64 or TensorType.Float64 or TensorType.UInt64 => 8,
        _ => 0,
    };

    /// <summary>ONNX's number as a type; numbers not carried here become <see cref="TensorType.Other"/>.</summary>
    public static TensorType Of(int onnx) => (TensorType)onnx == TensorType.Text || SizeOf((TensorType)onnx) > 0 ? (TensorType)onnx : TensorType.Other;
}
