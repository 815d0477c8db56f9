using System.Globalization;
using Pilotage.System.Server;

namespace Pilotage.System.Limits;

/// <summary>Reads single series off <c>/metrics</c>.</summary>
internal static class Metrics
{
    /// <summary>The sum over all series of that name whose labels contain the words; 0 when there is none.</summary>
    public static async Task<long> SumAsync(ServerDoor door, string name, string labels = "")
    {
        var (_, text) = await door.AskAsync(HttpMethod.Get, "metrics");
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{' && line.Contains(labels, StringComparison.Ordinal))
            .Sum(line => (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
