using System.Globalization;

namespace Pilotage.Testing;

/// <summary>
/// How much of a long test is run: a slice that rotates with the seed of the run, or the whole of it under <c>./test long</c>.
/// </summary>
public static class TestSize
{
    /// <summary>The long run: every case, however long that takes.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("PILOTAGE_TEST_LONG") == "1";

    /// <summary>The seed of the run; <c>./test</c> prints it, and the same one gives the same slices.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("PILOTAGE_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    /// <summary>How often something is repeated.</summary>
    public static int Count(int slice, int whole) => IsLong ? whole : slice;

    /// <summary>The case numbers of this run: all of them, or one slice of that size; every number has its turn.</summary>
    public static IEnumerable<int> Cases(int slice, int whole)
    {
        if (IsLong)
        {
            return Enumerable.Range(0, whole);
        }

        var slices = Math.Max(1, whole / slice);
        return Enumerable.Range(Seed % slices * slice, slice);
    }
}
