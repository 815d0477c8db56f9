using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads <c>readiness >= 80</c> or <c>baseline.frozen</c>; a gate may ask only for evidence the product can produce.</summary>
internal static partial class GateNeedReader
{
    public static GateNeed Read(string text, SourceMark at, PackageFaults faults)
    {
        var match = Need().Match(text);
        var evidence = match.Groups["evidence"].Value;
        if (!match.Success)
        {
            faults.Add(at, $"\"{text}\" is not evidence; write readiness >= 80 or baseline.frozen, for example");
            return new GateNeed(text, evidence, null, 0, at);
        }

        var comparison = match.Groups["comparison"] is { Success: true, Value: var found } ? found : null;
        if (!KnownWords.Evidence.TryGetValue(evidence, out var range))
        {
            faults.Add(
                at, $"evidence \"{evidence}\" cannot exist, so this gate could never open; {PackageFaults.Suggest(evidence, [.. KnownWords.Evidence.Keys])}");
        }
        else if (range is not null && comparison is null)
        {
            faults.Add(at, $"evidence \"{evidence}\" is a number and needs a limit; write {evidence} >= 5, for example");
        }
        else if (range is null && comparison is not null)
        {
            faults.Add(at, $"evidence \"{evidence}\" is true or false and takes no limit; write {evidence} alone");
        }

        var limit = comparison is null ? 0 : double.Parse(match.Groups["limit"].Value, CultureInfo.InvariantCulture);
        if (range is not null && comparison is not null && (range.IsNeverMet(comparison, limit) || range.IsOutside(limit)))
        {
            var why = range.IsNeverMet(comparison, limit) ? "can never hold, so this gate could never open" : "always holds, so it asks for nothing";
            faults.Add(at, $"\"{text}\" {why}: {evidence} is {range}; give a limit inside of that");
        }

        // The gate reads its parts apart by spaces, which may be left out in the package.
        return new GateNeed(comparison is null ? evidence : $"{evidence} {comparison} {match.Groups["limit"].Value}", evidence, comparison, limit, at);
    }

    [GeneratedRegex(@"^(?<evidence>[a-z_]+(\.[a-z_]+)*)(\s*(?<comparison>>=|<=|==|>|<)\s*(?<limit>-?\d{1,9}(\.\d{1,6})?))?$")]
    private static partial Regex Need();
}
