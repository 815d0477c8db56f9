using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pilotage.Learning.Boosting;

/// <summary>Sums of first and second derivatives for every bin of every feature a tree may use.</summary>
internal sealed class Histogram(int features)
{
    // A pair (gradient, hessian) per slot: one 16-byte addition a value.
    private readonly Vector128<double>[] _sums = new Vector128<double>[features * BinnedMatrix.Slots];

    public ReadOnlySpan<Vector128<double>> Feature(int index) =>
        _sums.AsSpan(index * BinnedMatrix.Slots, BinnedMatrix.Slots);

    /// <summary>Sums the given rows anew.</summary>
    public void Fill(BinnedMatrix data, int[] features, ReadOnlySpan<int> rows, float[] gradients, float[] weights)
    {
        Array.Clear(_sums);
        // Rows and features are indices into the matrix by construction, bins are bytes, and every feature owns 256
        // slots, so each access below is in bounds; the checks would double the time of the hottest loop of training.
        ref var sums = ref MemoryMarshal.GetArrayDataReference(_sums);
        ref var bins = ref MemoryMarshal.GetArrayDataReference(data.Bins);
        foreach (var row in rows)
        {
            ref var rowBins = ref Unsafe.Add(ref bins, (nint)row * data.Columns);
            var pair = Vector128.Create((double)gradients[row], weights[row]);
            for (var i = 0; i < features.Length; i++)
            {
                var slot = (i * BinnedMatrix.Slots) + Unsafe.Add(ref rowBins, features[i]);
                ref var sum = ref Unsafe.Add(ref sums, slot);
                sum += pair;
            }
        }
    }

    /// <summary>Turns the histogram of a parent into that of one child by taking away the other's.</summary>
    public void Subtract(Histogram sibling)
    {
        var other = sibling._sums;
        for (var i = 0; i < _sums.Length; i++)
        {
            _sums[i] -= other[i];
        }
    }
}
