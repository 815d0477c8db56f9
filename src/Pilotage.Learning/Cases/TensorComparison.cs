using System.Runtime.InteropServices;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Cases;

/// <summary>Holds an answer against the published one.</summary>
/// <param name="Worst">The largest difference; infinite where there is none that could be measured.</param>
/// <param name="Reason">Why they differ; null when they do not.</param>
internal sealed record TensorComparison(double Worst, string? Reason)
{
    /// <param name="name">The output.</param>
    /// <param name="expected">As published.</param>
    /// <param name="answer">As given.</param>
    /// <param name="tolerance">How far they may be apart.</param>
    /// <param name="isLoose">Dimensions of 1 do not count: who saved the arrays may have dropped them.</param>
    public static TensorComparison Of(string name, Tensor expected, Tensor answer, Tolerance tolerance, bool isLoose)
    {
        if (expected.Type != answer.Type || !Significant(expected, isLoose).SequenceEqual(Significant(answer, isLoose)))
        {
            return new(double.PositiveInfinity, $"'{name}' is {answer}; {expected} is expected.");
        }

        return expected.Type switch
        {
            TensorType.Text => Exactly(name, expected.Texts, answer.Texts),
            // Of these no value is made here, so they must be the same bits.
            >= TensorType.Float8E4M3FN => Exactly<byte>(name, expected.Bytes, answer.Bytes),
            _ => Nearly(name, Numbers(expected), Numbers(answer), tolerance),
        };
    }

    private static IEnumerable<long> Significant(Tensor tensor, bool isLoose) => tensor.Shape.Where(dimension => !isLoose || dimension != 1);

    private static TensorComparison Exactly<T>(string name, ReadOnlySpan<T> expected, ReadOnlySpan<T> answer)
    {
        var at = expected.CommonPrefixLength(answer);
        return at == expected.Length ? new(0, null) : new(double.PositiveInfinity, $"'{name}' is '{answer[at]}' at {at}; '{expected[at]}' is expected.");
    }

    private static TensorComparison Nearly(string name, double[] expected, double[] answer, Tolerance tolerance)
    {
        var (worst, wrong, first) = (0.0, 0, -1);
        for (var i = 0; i < expected.Length; i++)
        {
            var error = expected[i].Equals(answer[i]) ? 0 : Math.Abs(answer[i] - expected[i]);
            worst = Math.Max(worst, double.IsNaN(error) ? double.PositiveInfinity : error);
            if (!tolerance.Holds(expected[i], answer[i]))
            {
                first = wrong == 0 ? i : first;
                wrong++;
            }
        }

        return new(worst, wrong == 0 ? null : $"'{name}' is {answer[first]:G7} at {first}; {expected[first]:G7} is expected ({wrong} of {expected.Length} values differ).");
    }

    private static double[] Numbers(Tensor tensor) => tensor.Type switch
    {
        TensorType.Float32 => Convert<float>(tensor, value => value),
        TensorType.Float64 => Convert<double>(tensor, value => value),
        TensorType.Float16 => Convert<Half>(tensor, value => (double)value),
        TensorType.BFloat16 => Convert<ushort>(tensor, value => BitConverter.Int32BitsToSingle(value << 16)),
        TensorType.Int8 => Convert<sbyte>(tensor, value => value),
        TensorType.Int16 => Convert<short>(tensor, value => value),
        TensorType.Int32 => Convert<int>(tensor, value => value),
        TensorType.Int64 => Convert<long>(tensor, value => value),
        TensorType.UInt16 => Convert<ushort>(tensor, value => value),
        TensorType.UInt32 => Convert<uint>(tensor, value => value),
        TensorType.UInt64 => Convert<ulong>(tensor, value => value),
        _ => Convert<byte>(tensor, value => value),
    };

    private static double[] Convert<T>(Tensor tensor, Func<T, double> convert)
        where T : unmanaged
    {
        var from = MemoryMarshal.Cast<byte, T>(tensor.Bytes);
        var numbers = new double[from.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = convert(from[i]);
        }

        return numbers;
    }
}
