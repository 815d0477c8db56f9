using System.Globalization;
using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>A series of the store under its labels.</summary>
internal sealed record LabelledSeries(SeriesKey Key, LabelSet Labels);

/// <summary>
/// The series of a tenant as Prometheus would name them: the property is the metric; labels are <c>device</c>, <c>path</c>,
/// <c>thing</c>, and <c>level1</c> to <c>level6</c> for the levels of the path between the tenant and the device.
/// </summary>
/// <remarks>Series of text and JSON are none, and devices that were taken away have none.</remarks>
internal sealed class PromCatalogue(IFleet fleet, TimeSeriesStore store)
{
    /// <summary>Series that a selector may find.</summary>
    public const int SeriesMax = 10_000;

    /// <summary>The series that fulfil all matchers, in order of device and property.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="matchers">Conditions.</param>
    /// <param name="most">More are refused.</param>
    /// <param name="cancellation">Whoever asked has gone.</param>
    public Outcome<IReadOnlyList<LabelledSeries>> Find(TenantId tenant, IReadOnlyList<LabelMatcher> matchers, int most, CancellationToken cancellation)
    {
        var found = new List<LabelledSeries>();
        foreach (var series in Matching(tenant, matchers, Properties, cancellation))
        {
            if (found.Count == most)
            {
                return new Refusal("fabric.query.cost", $"The selector finds more than {most:N0} series. Ask for fewer by their labels: device, path, thing, level1 and so on.");
            }

            found.Add(series);
        }

        return found;
    }

    /// <summary>Series that fulfil all matchers and of which windows are kept, whatever is of their points.</summary>
    public IEnumerable<SeriesKey> Kept(TenantId tenant, IReadOnlyList<LabelMatcher> matchers, RollUps rollUps, CancellationToken cancellation) =>
        Matching(tenant, matchers, (device, exact) => rollUps.PropertiesOf(tenant, device.Id).Where(property => exact is null || property == exact), cancellation).Select(series => series.Key);

    private IEnumerable<LabelledSeries> Matching(
        TenantId tenant, IReadOnlyList<LabelMatcher> matchers, Func<Device, string?, IEnumerable<string>> properties, CancellationToken cancellation)
    {
        var (ofName, ofDevice) = (matchers.Where(one => one.Name == LabelMatcher.MetricName).ToList(), matchers.Where(one => one.Name != LabelMatcher.MetricName).ToList());
        var exact = ofName.Select(one => one.Exact).FirstOrDefault(name => name is not null);
        foreach (var device in Devices(tenant, ofDevice).OrderBy(device => device.Id.Value, StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            var labels = LabelsOf(device);
            if (!ofDevice.TrueForAll(matcher => matcher.Matches(ValueOf(labels, matcher.Name))))
            {
                continue;
            }

            foreach (var property in properties(device, exact).Where(property => ofName.TrueForAll(matcher => matcher.Matches(property))))
            {
                yield return new LabelledSeries(new SeriesKey(tenant, device.Id, property), new LabelSet([(LabelMatcher.MetricName, property), .. labels]));
            }
        }
    }

    private IReadOnlyList<Device> Devices(TenantId tenant, List<LabelMatcher> matchers)
    {
        // Most questions name one device or one thing type.
        if (matchers.Find(one => one is { Name: "device", Exact: not null }) is { } named)
        {
            return fleet.Find(tenant, new DeviceId(named.Value)) is { } device ? [device] : [];
        }

        return fleet.List(tenant, new DeviceQuery { Thing = matchers.Find(one => one is { Name: "thing", Exact: not null })?.Value });
    }

    private IEnumerable<string> Properties(Device device, string? exact) => exact is null
        ? store.Lasts(device.Tenant, device.Id).Where(one => one.Last.Value.Kind < SeriesKind.Text).Select(one => one.Property)
        : store.TryGetLastTyped(new SeriesKey(device.Tenant, device.Id, exact), out var last) && last.Value.Kind < SeriesKind.Text ? [exact] : [];

    private static List<(string Name, string Value)> LabelsOf(Device device)
    {
        var levels = device.Path.Split('/');
        List<(string Name, string Value)> labels = [("device", device.Id.Value), ("path", device.Path), ("thing", device.Thing)];
        for (var i = 1; i < levels.Length - 1; i++)
        {
            labels.Add((string.Create(CultureInfo.InvariantCulture, $"level{i}"), levels[i]));
        }

        return labels;
    }

    private static string ValueOf(List<(string Name, string Value)> labels, string name) => labels.Find(label => label.Name == name).Value ?? "";
}
