using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Violations of contracts since the start of the server: how many of each rule of each series, and the last of them.</summary>
internal sealed class Violations
{
    /// <summary>Most rules of series that are counted one by one; more are in the metrics alone.</summary>
    public const int CountedMax = 50_000;

    private const int ExampleCharsMax = 200;
    private static readonly string[] Results = ["counted", "quarantined", "rejected"];
    private readonly Dictionary<(TenantId, DeviceId, string, string), Entry> _entries = [];
    private readonly Lock _gate = new();
    private readonly Counter<long> _violations;
    private readonly Counter<long> _uncounted;
    private readonly TimeProvider _time;

    public Violations(TimeProvider time, IMeterFactory meters)
    {
        _time = time;
        var meter = meters.Create("Pilotage.Server");
        _uncounted = meter.CreateCounter<long>("pilotage.contracts.violations.unlisted", "{violation}", "Violations of contracts that no list shows, because so many rules of series were broken before.");
        _uncounted.Add(0);
        _violations = meter.CreateCounter<long>(
            "pilotage.contracts.violations", "{violation}", "Values and messages that broke a contract, by result: counted, quarantined, rejected.");
        foreach (var result in Results)
        {
            _violations.Add(0, new KeyValuePair<string, object?>("result", result));
        }
    }

    /// <summary>One rule of one series.</summary>
    internal sealed record Entry(DeviceId Device, string Property, string Rule, long Count, long LastNs, string Last, OnViolation Choice);

    public void Add(TenantId tenant, DeviceId device, string property, string rule, string says, OnViolation choice)
    {
        _violations.Add(1, new KeyValuePair<string, object?>("result", Results[(int)choice]));
        lock (_gate)
        {
            var key = (tenant, device, property, rule);
            if (!_entries.TryGetValue(key, out var entry) && _entries.Count >= CountedMax)
            {
                _uncounted.Add(1);
                return;
            }

            _entries[key] = new Entry(device, property, rule, (entry?.Count ?? 0) + 1, _time.NowNs(), says.Length <= ExampleCharsMax ? says : says[..ExampleCharsMax] + "…", choice);
        }
    }

    public List<Entry> Of(TenantId tenant, DeviceId device)
    {
        lock (_gate)
        {
            return [.. _entries.Where(pair => pair.Key.Item1 == tenant && pair.Key.Item2 == device).Select(pair => pair.Value).OrderBy(entry => entry.Property, StringComparer.Ordinal)];
        }
    }
}
