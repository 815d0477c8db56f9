using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Prometheus.Evaluation;
using Pilotage.Server.Fabric.Prometheus.Language;

namespace Pilotage.Server.Fabric.Prometheus;

/// <summary>What a client of Prometheus asks: parameters of the address, of a form, or both.</summary>
/// <remarks>Parameters that are not known are passed over, as Prometheus does: Grafana sends some of its own.</remarks>
internal sealed class PromParameters(IQueryCollection query, IFormCollection? form)
{
    /// <summary>Points of one series at most; the same as of Prometheus.</summary>
    public const int StepsMax = 11_000;

    private const int FormBytesMax = 256 * 1024;
    private const double NsPerSecond = 1e9;
    private const double MsPerSecond = 1_000;
    private const long NsPerMs = 1_000_000;

    // 1811 to 2128: what lies beyond leaves the times that there are when a range is taken from it.
    private const double SecondsMax = 5e9;

    /// <summary>Reads them.</summary>
    public static async Task<Outcome<PromParameters>> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!request.HasFormContentType)
        {
            return new PromParameters(request.Query, null);
        }

        if (request.ContentLength > FormBytesMax)
        {
            return Bad($"the form has more than {FormBytesMax} bytes");
        }

        try
        {
            var limits = new FormOptions { BufferBodyLengthLimit = FormBytesMax, ValueLengthLimit = FormBytesMax, MultipartBodyLengthLimit = FormBytesMax };
            return new PromParameters(request.Query, await request.ReadFormAsync(limits, cancellation));
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or IOException)
        {
            return Bad("the form could not be read");
        }
    }

    public Outcome<string> Query() => Text("query") is { Length: > 0 } text ? text : Bad("invalid parameter \"query\": there is none");

    /// <summary>Selectors of series; at least one where they are asked for.</summary>
    public Outcome<IReadOnlyList<PromSelector>> Matches(bool isRequired)
    {
        var selectors = new List<PromSelector>();
        foreach (var text in Values("match[]"))
        {
            if (!PromParser.ReadSelector(text ?? "").TryGet(out var selector, out var refusal))
            {
                return refusal with { Message = $"invalid parameter \"match[]\": {refusal.Message}" };
            }

            selectors.Add(selector);
        }

        return selectors.Count == 0 && isRequired ? Bad("no match[] parameter provided") : selectors;
    }

    /// <summary>A time; <paramref name="standard"/> where it is left out.</summary>
    public Outcome<long> Time(string name, long? standard)
    {
        if (Text(name) is not { Length: > 0 } text)
        {
            return standard is { } known ? known : Bad($"invalid parameter \"{name}\": there is none");
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Math.Abs(seconds) <= SecondsMax ? (long)Math.Round(seconds * MsPerSecond) * NsPerMs : Bad($"invalid parameter \"{name}\": the time lies outside of 1811 to 2128");
        }

        return Timestamps.TryText(text, long.MaxValue - (2 * (long)86_400e9), out var ns, out _) ? ns : Bad($"invalid parameter \"{name}\": cannot parse \"{Short(text)}\" to a valid timestamp");
    }

    /// <summary>The times of a range query.</summary>
    public Outcome<StepGrid> Grid() => Time("start", null).Then(start => Time("end", null).Then(end => Length("step").Then(step =>
        end < start ? Bad("invalid parameter \"end\": end timestamp must not be before start time")
        : step < NsPerMs ? Bad("invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")
        : (end - start) / step >= StepsMax ? Bad($"exceeded maximum resolution of {StepsMax:N0} points per timeseries. Try decreasing the query resolution (?step=XX)")
        : (Outcome<StepGrid>)new StepGrid(start, step, (int)((end - start) / step) + 1))));

    /// <summary>How long an answer may take; no longer than <paramref name="most"/>.</summary>
    public Outcome<TimeSpan> Timeout(TimeSpan most) => Text("timeout") is not { Length: > 0 }
        ? most
        : Length("timeout").Then(ns => (Outcome<TimeSpan>)TimeSpan.FromTicks(Math.Clamp(ns / TimeSpan.NanosecondsPerTick, 1, most.Ticks)));

    /// <summary>A number of items, 0 for all; all where it is left out.</summary>
    public Outcome<int> Limit() => Text("limit") is not { Length: > 0 } text ? int.MaxValue
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit == 0 ? int.MaxValue : limit
        : Bad("invalid parameter \"limit\": limit must be non-negative");

    public string? Text(string name) => Values(name) is [var first, ..] ? first : null;

    public static Refusal Bad(string says) => new(PromFault.Code, says);

    private Outcome<long> Length(string name)
    {
        var text = Text(name) ?? "";
        var isRead = PromDuration.TryRead(text, out var ns, out var length) && length == text.Length;
        if (!isRead && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            (ns, isRead) = (seconds * NsPerSecond, true);
        }

        return isRead && Math.Abs(ns) <= SecondsMax * NsPerSecond ? (long)Math.Round(ns) : Bad($"invalid parameter \"{name}\": cannot parse \"{Short(text)}\" to a valid duration");
    }

    private StringValues Values(string name) => form is not null && form.TryGetValue(name, out var given) ? given : query[name];

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
