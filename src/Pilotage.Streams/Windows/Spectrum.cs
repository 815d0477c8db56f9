using System.Numerics;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>The discrete Fourier transform of a window of any length: radix-2 where the length is a power of two, else Bluestein's.</summary>
/// <remarks>
/// No window function, so that by Parseval's theorem the energies of all bands add up to the mean square. Sines come from
/// <see cref="UnitCircle"/> and not from the platform, so that an edge and the server find the same bits. Tables are kept for the
/// length met last and made in room that is used again.
/// </remarks>
internal sealed class Spectrum
{
    private int _prepared = -1;
    private int _size;
    private double[] _real = [];
    private double[] _imaginary = [];
    private double[] _cosines = [];
    private double[] _sines = [];
    private double[] _chirpReal = [];
    private double[] _chirpImaginary = [];
    private double[] _kernelReal = [];
    private double[] _kernelImaginary = [];

    /// <summary>How many values were transformed; none where one of them was NULL.</summary>
    public int Length { get; private set; }

    /// <summary>The share in the mean square of the frequencies from low to below high, or to half the rate where high is that.</summary>
    public double Energy(double rate, double low, double high)
    {
        var energy = 0.0;
        for (var k = 0; k <= Length / 2; k++)
        {
            var frequency = k * rate / Length;
            if (frequency >= low && (frequency < high || high >= rate / 2))
            {
                // The mirror image above half the rate counts too; the mean and half the rate have none.
                var square = (_real[k] * _real[k]) + (_imaginary[k] * _imaginary[k]);
                energy += k == 0 || 2 * k == Length ? square : 2 * square;
            }
        }

        return Scalar.Finite(energy / Length / Length);
    }

    public void Transform(ReadOnlySpan<double> values)
    {
        Length = 0;
        var length = values.Length;
        if (length == 0)
        {
            return;
        }

        Prepare(length);
        var direct = _size == length;
        _real.AsSpan(0, _size).Clear();
        _imaginary.AsSpan(0, _size).Clear();
        for (var i = 0; i < length; i++)
        {
            if (double.IsNaN(values[i]))
            {
                return;
            }

            _real[i] = direct ? values[i] : values[i] * _chirpReal[i];
            _imaginary[i] = direct ? 0 : values[i] * _chirpImaginary[i];
        }

        RadixTwo(_real, _imaginary);
        if (!direct)
        {
            Convolve(length);
        }

        Length = length;
    }

    /// <summary>Bluestein's middle and end: times the kernel, back, times the chirp; the transform back is one of the conjugate.</summary>
    private void Convolve(int length)
    {
        for (var i = 0; i < _size; i++)
        {
            var real = (_real[i] * _kernelReal[i]) - (_imaginary[i] * _kernelImaginary[i]);
            _imaginary[i] = -((_real[i] * _kernelImaginary[i]) + (_imaginary[i] * _kernelReal[i]));
            _real[i] = real;
        }

        RadixTwo(_real, _imaginary);
        for (var i = 0; i < length; i++)
        {
            var (real, imaginary) = (_real[i] / _size, -_imaginary[i] / _size);
            _real[i] = (real * _chirpReal[i]) - (imaginary * _chirpImaginary[i]);
            _imaginary[i] = (real * _chirpImaginary[i]) + (imaginary * _chirpReal[i]);
        }
    }

    private void Prepare(int length)
    {
        if (length == _prepared)
        {
            return;
        }

        _prepared = length;
        _size = BitOperations.IsPow2(length) ? length : (int)BitOperations.RoundUpToPowerOf2((uint)((2 * length) - 1));
        Grow(ref _real, _size);
        Grow(ref _imaginary, _size);
        Grow(ref _cosines, _size / 2);
        Grow(ref _sines, _size / 2);
        for (var i = 0; i < _size / 2; i++)
        {
            (_cosines[i], _sines[i]) = UnitCircle.At(i, _size);
        }

        if (_size != length)
        {
            PrepareChirp(length);
        }
    }

    private void PrepareChirp(int length)
    {
        Grow(ref _chirpReal, length);
        Grow(ref _chirpImaginary, length);
        Grow(ref _kernelReal, _size);
        Grow(ref _kernelImaginary, _size);
        _kernelReal.AsSpan(0, _size).Clear();
        _kernelImaginary.AsSpan(0, _size).Clear();
        for (var i = 0; i < length; i++)
        {
            // The angle is pi i^2 / n; whole turns go in whole numbers, so that none of its digits do.
            var (cosine, sine) = UnitCircle.At((long)i * i % (2L * length), 2L * length);
            (_chirpReal[i], _chirpImaginary[i]) = (cosine, -sine);
            (_kernelReal[i], _kernelImaginary[i]) = (cosine, sine);
            if (i > 0)
            {
                (_kernelReal[_size - i], _kernelImaginary[_size - i]) = (cosine, sine);
            }
        }

        RadixTwo(_kernelReal, _kernelImaginary);
    }

    /// <summary>Forward, in place, by halves that double.</summary>
    private void RadixTwo(double[] real, double[] imaginary)
    {
        Reverse(real, imaginary);
        for (var half = 1; half < _size; half *= 2)
        {
            var stride = _size / (2 * half);
            for (var start = 0; start < _size; start += 2 * half)
            {
                for (var i = 0; i < half; i++)
                {
                    var (cosine, sine) = (_cosines[i * stride], -_sines[i * stride]);
                    var (even, odd) = (start + i, start + i + half);
                    var turnedReal = (real[odd] * cosine) - (imaginary[odd] * sine);
                    var turnedImaginary = (real[odd] * sine) + (imaginary[odd] * cosine);
                    (real[odd], imaginary[odd]) = (real[even] - turnedReal, imaginary[even] - turnedImaginary);
                    (real[even], imaginary[even]) = (real[even] + turnedReal, imaginary[even] + turnedImaginary);
                }
            }
        }
    }

    /// <summary>Puts values at the places whose bits are those of theirs read backwards.</summary>
    private void Reverse(double[] real, double[] imaginary)
    {
        for (int i = 1, j = 0; i < _size; i++)
        {
            var bit = _size >> 1;
            for (; (j & bit) != 0; bit >>= 1)
            {
                j ^= bit;
            }

            j ^= bit;
            if (i < j)
            {
                (real[i], real[j]) = (real[j], real[i]);
                (imaginary[i], imaginary[j]) = (imaginary[j], imaginary[i]);
            }
        }
    }

    private static void Grow(ref double[] array, int length)
    {
        if (array.Length < length)
        {
            array = new double[Math.Max(length, array.Length * 2)];
        }
    }
}
