using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Makes what devices send fit the series that are there, whose first value decides what they hold, and the contract that they have.</summary>
internal sealed class Admission(TimeSeriesStore store, ContractJudge contracts, StatedUnits units)
{
    /// <summary>What was found out about a layout for a device; holds for good, since a series keeps its kind.</summary>
    /// <param name="Kinds">As they are stored; empty where all of them are doubles.</param>
    /// <param name="Fits">Whether any value of the layout fits, so that messages need not be looked at one by one.</param>
    internal sealed record Admitted(DeviceId Device, TelemetryLayout Layout, SeriesKind[] Kinds, bool Fits)
    {
        public bool IsOf(DeviceId device, TelemetryLayout layout) => ReferenceEquals(Layout, layout) && Device == device;
    }

    /// <summary>Whether each value of a device has to be looked at, because a contract binds it.</summary>
    public bool Binds(Device device) => contracts.Binds(device);

    /// <summary>Brings values that say their unit into that of their series, and says the first that cannot be.</summary>
    public (IReadOnlyList<TelemetryRow> Rows, string? Fault) InOwnUnits(Device device, IReadOnlyList<TelemetryRow> rows, string? fault) => units.Converted(device, rows, fault);

    /// <summary>Holds rows against the contract of their device.</summary>
    public Judgement Judge(Device device, IReadOnlyList<TelemetryRow> rows, long receivedNs) => contracts.Judge(device, rows, receivedNs);

    /// <summary>Looks at a layout once.</summary>
    public Admitted Of(Device device, TelemetryLayout layout)
    {
        var kinds = store.Settle(device.Tenant, device.Id, layout.Properties, layout.Kinds);
        var fits = layout.Kinds.Zip(kinds).All(pair => pair.First == pair.Second
            || (pair.First == SeriesKind.Truth && pair.Second is SeriesKind.Number or SeriesKind.Whole));
        return new Admitted(device.Id, layout, Array.TrueForAll(kinds, kind => kind == SeriesKind.Number) ? [] : kinds, fits);
    }

    /// <summary>What some series hold; those that are new hold what these values are.</summary>
    public SeriesKind[] KindsOf(Device device, string[] properties, ReadOnlySpan<SeriesValue> values)
    {
        var kinds = new SeriesKind[values.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = values[i].Kind;
        }

        return store.Settle(device.Tenant, device.Id, properties, kinds);
    }

    /// <summary>Leaves out of rows what does not fit, and says the first of it.</summary>
    public (IReadOnlyList<TelemetryRow> Rows, string? Fault) Fit(Device device, IReadOnlyList<TelemetryRow> rows, string? fault)
    {
        var fitting = new List<TelemetryRow>(rows.Count);
        var (known, kinds) = ((string[]?)null, (SeriesKind[])[]);
        foreach (var row in rows)
        {
            // Fast path: rows of one list of names, each value of the kind that its series holds.
            if (!ReferenceEquals(known, row.Properties))
            {
                known = row.Properties;
                kinds = Array.ConvertAll(row.Properties, property => store.KindOf(new SeriesKey(device.Tenant, device.Id, property)) ?? SeriesKind.Text);
            }

            if (IsOf(kinds, row.Values))
            {
                fitting.Add(row);
                continue;
            }

            known = null;
            var reasons = store.Admit(device.Tenant, device.Id, row.Properties, row.Values);
            var misfit = Array.FindIndex(reasons, why => why is not null);
            if (misfit < 0)
            {
                fitting.Add(row);
                continue;
            }

            fault ??= $"{row.Properties[misfit]}: {reasons[misfit]}";
            if (Array.Exists(reasons, why => why is null))
            {
                fitting.Add(new TelemetryRow(row.TimeNs, Fitting(row.Properties, reasons), Fitting(row.Values, reasons)));
            }
        }

        return (fitting, fault);
    }

    /// <summary>Whether all values are numbers or truth values of these kinds; text has to be looked at one by one.</summary>
    public static bool IsOf(SeriesKind[] kinds, ReadOnlySpan<SeriesValue> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].Kind != kinds[i] || kinds[i] >= SeriesKind.Text)
            {
                return false;
            }
        }

        return true;
    }

    private static T[] Fitting<T>(T[] all, string?[] reasons) => [.. all.Where((_, at) => reasons[at] is null)];
}
