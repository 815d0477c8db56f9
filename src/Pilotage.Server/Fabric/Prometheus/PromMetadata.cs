using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Prometheus.Evaluation;
using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus;

/// <summary>Which series there are, by which labels: what Grafana fills its lists with.</summary>
/// <remarks>
/// A series is told where its last point is not before <c>start</c>; <c>end</c> is passed over, for a series is known by its last point.
/// </remarks>
internal static class PromMetadata
{
    /// <summary>Series that a list may be made of; it is cheaper than a query, because nothing is read.</summary>
    private const int SeriesMax = 50_000;

    // What Grafana asks for to know what may be asked; quoted names came with version 3.
    private const string Version = "3.0.0";
    private static readonly PromSelector Everything = new([LabelMatcher.Of(LabelMatcher.MetricName, "!=", "", 0).Value], 0);

    public static Task<IResult> SeriesAsync(HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, TimeProvider time, CancellationToken cancellation) =>
        PromEndpoints.AnswerAsync(request, time, (asked, limited) => Find(asked, isRequired: true, who, fleet, store, limited).Then(found => asked.Limit().Then(limit =>
            (Outcome<PromAnswer>)PromAnswer.Data(json =>
            {
                json.WriteStartArray();
                foreach (var labels in found.Take(limit))
                {
                    PromAnswer.WriteLabels(json, null, labels);
                }

                json.WriteEndArray();
            }))), cancellation);

    public static Task<IResult> LabelsAsync(HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, TimeProvider time, CancellationToken cancellation) =>
        PromEndpoints.AnswerAsync(request, time, (asked, limited) => Words(asked, who, fleet, store, labels => labels.Labels.Select(label => label.Name), limited), cancellation);

    public static Task<IResult> LabelValuesAsync(
        string name, HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, TimeProvider time, CancellationToken cancellation) =>
        PromEndpoints.AnswerAsync(request, time, (asked, limited) => Words(asked, who, fleet, store, labels => labels[name] is { Length: > 0 } value ? [value] : [], limited), cancellation);

    /// <summary>The metrics; of what kind they are nobody said.</summary>
    public static Task<IResult> MetricsAsync(HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, TimeProvider time, CancellationToken cancellation) =>
        PromEndpoints.AnswerAsync(request, time, (asked, limited) => Find(asked, isRequired: false, who, fleet, store, limited).Then(found => asked.Limit().Then(limit =>
            (Outcome<PromAnswer>)PromAnswer.Data(json =>
            {
                var wanted = asked.Text("metric");
                json.WriteStartObject();
                foreach (var metric in found.Select(labels => labels[LabelMatcher.MetricName]).Distinct().Where(metric => wanted is null or "" || metric == wanted).Order(StringComparer.Ordinal).Take(limit))
                {
                    json.WriteStartArray(metric);
                    json.WriteStartObject();
                    json.WriteString("type"u8, "unknown"u8);
                    json.WriteString("help"u8, ""u8);
                    json.WriteString("unit"u8, ""u8);
                    json.WriteEndObject();
                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }))), cancellation);

    public static IResult BuildInfo() => PromAnswer.Data(json =>
    {
        json.WriteStartObject();
        json.WriteString("version"u8, Version);
        foreach (var name in (string[])["revision", "branch", "buildUser", "buildDate", "goVersion"])
        {
            json.WriteString(name, name == "branch" ? "pilotage" : "");
        }

        json.WriteEndObject();
    });

    private static Outcome<PromAnswer> Words(PromParameters asked, Principal who, IFleet fleet, TimeSeriesStore store, Func<LabelSet, IEnumerable<string>> words, CancellationToken cancellation) =>
        Find(asked, isRequired: false, who, fleet, store, cancellation).Then(found => asked.Limit().Then(limit =>
            (Outcome<PromAnswer>)PromAnswer.Words(found.SelectMany(words).Distinct().Order(StringComparer.Ordinal).Take(limit).ToList())));

    /// <summary>The labels of the series that fulfil one of the selectors; of all series where there is none.</summary>
    private static Outcome<IReadOnlyList<LabelSet>> Find(PromParameters asked, bool isRequired, Principal who, IFleet fleet, TimeSeriesStore store, CancellationToken cancellation) =>
        asked.Matches(isRequired).Then(selectors => asked.Time("start", long.MinValue).Then(start =>
        {
            var catalogue = new PromCatalogue(fleet, store);
            var found = new HashSet<LabelSet>();
            foreach (var selector in selectors.DefaultIfEmpty(Everything))
            {
                if (!catalogue.Find(who.Tenant, selector.Matchers, SeriesMax, cancellation).TryGet(out var series, out var refusal))
                {
                    return refusal;
                }

                found.UnionWith(series.Where(one => store.TryGetLast(one.Key, out var last) && last.TimeNs >= start).Select(one => one.Labels));
            }

            return (Outcome<IReadOnlyList<LabelSet>>)found.ToList();
        }));
}
