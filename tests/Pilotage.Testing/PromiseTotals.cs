using System.Globalization;

namespace Pilotage.Testing;

/// <summary>What a test did for a promise, in the one form that <c>./test</c> adds up at its end.</summary>
public static class PromiseTotals
{
    /// <summary>A line such as <c>promise P1: kills 20, messages accounted 4711</c>, for the test's output.</summary>
    public static string Line(string promise, params ReadOnlySpan<(string What, long Count)> counts)
    {
        var parts = new List<string>(counts.Length);
        foreach (var (what, count) in counts)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{what} {count}"));
        }

        return $"promise {promise}: {string.Join(", ", parts)}";
    }
}
