using System.Numerics;

namespace Pilotage.Learning.Onnx;

/// <summary>Looks for values that are not finite before a model makes its answer, or its state, out of them.</summary>
public static class RowValues
{
    /// <summary>Where the first NaN or infinity stands; −1 when there is none.</summary>
    public static int FirstNotFinite(ReadOnlySpan<float> row)
    {
        var i = 0;
        // Fast path: a finite number minus itself is zero, anything else is not. Measured by ./bench inference.
        while (i + Vector<float>.Count <= row.Length)
        {
            var values = new Vector<float>(row[i..]);
            if (!Vector.EqualsAll(values - values, Vector<float>.Zero))
            {
                break;
            }

            i += Vector<float>.Count;
        }

        for (; i < row.Length; i++)
        {
            if (!float.IsFinite(row[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The same of a tensor; only float32 and float64 are looked at.</summary>
    public static int FirstNotFinite(Tensor tensor)
    {
        if (tensor.Type == TensorType.Float32)
        {
            return FirstNotFinite(tensor.As<float>());
        }

        var values = tensor.Type == TensorType.Float64 ? tensor.As<double>() : [];
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
