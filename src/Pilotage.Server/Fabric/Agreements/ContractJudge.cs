using System.Globalization;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Holds what devices send against the contract of their thing type, before any of it is stored.</summary>
internal sealed class ContractJudge(ContractBook contracts, ThingBook things, TimeSeriesStore store, Violations violations, Quarantine quarantine, RateWindows rates)
{
    private const int DetailsMax = 20;

    // A value that is of no use to its series whatever it is: broken where others are measured.
    private const string TypeRule = "type";

    /// <summary>Whether values of a device are judged.</summary>
    public bool Binds(Device device) => contracts.Binds(device);

    /// <summary>Judges the rows of one message as they came: a rule that rejects refuses all of it.</summary>
    public Judgement Judge(Device device, IReadOnlyList<TelemetryRow> rows, long receivedNs)
    {
        if (contracts.Find(device.Tenant, device.Thing) is not { BindsOnArrival: true } contract)
        {
            return new Judgement(rows, [], null, null);
        }

        var findings = new Findings();
        foreach (var row in rows)
        {
            foreach (var rules in contract.Properties)
            {
                Judge(device, row, rules, findings);
            }
        }

        var judged = Decide(device, rows, findings.Breaches, receivedNs);
        if (judged.Rejected is not null)
        {
            // Nothing of it is stored, so it counts in no stretch either.
            rates.Undo(findings.Taken);
            return judged;
        }

        // What did not come can be neither kept apart nor refused.
        findings.Short.ForEach(breach => violations.Add(device.Tenant, device.Id, breach.Property, breach.Rule, breach.Says, OnViolation.Count));
        return judged;
    }

    private Judgement Decide(Device device, IReadOnlyList<TelemetryRow> rows, List<Breach> found, long receivedNs)
    {
        if (found.Count == 0)
        {
            return new Judgement(rows, [], null, null);
        }

        var rejecting = found.Where(breach => breach.Choice == OnViolation.Reject).ToList();
        if (rejecting.Count > 0)
        {
            rejecting.ForEach(breach => Count(device, breach));
            var first = rejecting[0];
            return new Judgement([], [], null, Rejection(device, rejecting)) { RejectedFor = new RejectedValue(first.Row.TimeNs, first.Column < 0 ? null : first.Property) };
        }

        var held = new Dictionary<(TelemetryRow, string), HeldPoint>();
        foreach (var breach in found.Where(breach => breach.Choice == OnViolation.Quarantine))
        {
            for (var i = 0; i < breach.Row.Properties.Length; i++)
            {
                // A row without what it must have is kept apart whole.
                if (breach.Column == i || breach.Column < 0)
                {
                    var property = breach.Row.Properties[i];
                    held.TryAdd((breach.Row, property), new HeldPoint(
                        0, device.Tenant, device.Id, property, breach.Row.TimeNs, receivedNs, breach.Row.Values[i], $"{breach.Property}.{breach.Rule}", breach.Says));
                }
            }
        }

        if (held.Count > 0 && quarantine.CountOf(device.Tenant) + held.Count > Quarantine.PointsMax)
        {
            return new Judgement([], [], null, new Refusal(
                "fabric.quarantine.full",
                $"Nothing was stored: {found[0].Says}, and the quarantine holds {Quarantine.PointsMax} points already; release or discard some: pilotage contract held"));
        }

        found.ForEach(breach => Count(device, breach));

        // Counted, it would be stored; but a text would make the series one of texts for good.
        var misfits = found.Where(breach => breach.Rule == TypeRule && breach.Choice == OnViolation.Count).ToList();
        var left = held.Keys.Concat(misfits.Select(breach => (breach.Row, breach.Property))).ToHashSet();
        return new Judgement(left.Count == 0 ? rows : Without(rows, left), [.. held.Values], misfits.Count > 0 ? misfits[0].Says : null, null);
    }

    private void Judge(Device device, TelemetryRow row, PropertyRules rules, Findings findings)
    {
        var column = Array.IndexOf(row.Properties, rules.Name);
        void Add(string rule, string says) => findings.Breaches.Add(new Breach(row, column, rules.Name, rule, says, rules.Choice));
        if (column < 0)
        {
            if (rules.Required)
            {
                Add("required", $"{rules.Name} is missing");
            }

            return;
        }

        var (key, value) = (new SeriesKey(device.Tenant, device.Id, rules.Name), row.Values[column]);
        if (Misfit(rules, store.KindOf(key), ref value) is { } misfit)
        {
            Add(TypeRule, misfit);
            return;
        }

        if (rules.Values.Count > 0 && !rules.Values.Contains(value.ToString()))
        {
            Add("values", $"{rules.Name} is {Shown(value)}, none of {string.Join(", ", rules.Values.Take(DetailsMax))}");
        }

        if (rules.Minimum is not null || rules.Maximum is not null)
        {
            JudgeRange(device, rules, value, Add);
        }

        if (rules.Rate is { } rate)
        {
            var (points, before) = rates.Take(key, row.TimeNs, rate.Per, findings.Taken);
            if (points > rate.Max)
            {
                Add("rate", $"{rules.Name} has {points} points within {rate.Per}, at most {rate.Max} are agreed");
            }

            if (before < rate.Min)
            {
                findings.Short.Add(new Breach(row, column, rules.Name, "rate", $"{rules.Name} had {before} points within {rate.Per}, at least {rate.Min} are agreed", OnViolation.Count));
            }
        }
    }

    /// <summary>Why a value is none that its series could hold, or the contract asks for; null where it is, and as it is stored.</summary>
    private static string? Misfit(PropertyRules rules, SeriesKind? kind, ref SeriesValue value)
    {
        if (rules.AsksNumber && value.Kind >= SeriesKind.Text)
        {
            return $"{rules.Name} is {WordOf(value.Kind)}, and a number is asked";
        }

        return kind is { } holds && !value.TryAs(holds, out value) ? $"{rules.Name} is {WordOf(value.Kind)}, and {WordOf(holds)} is asked, as its series holds" : null;
    }

    private void JudgeRange(Device device, PropertyRules rules, SeriesValue value, Action<string, string> add)
    {
        var number = value.Number;
        // What the series is measured in, as it would be in the unit of the contract.
        if (rules.Unit is { } unit && things.UnitOf(device, rules.Name) is { } own && own.ConvertsTo(unit))
        {
            number = own.To(unit, number);
        }

        if (!(number >= (rules.Minimum ?? double.NegativeInfinity) && number <= (rules.Maximum ?? double.PositiveInfinity)))
        {
            var least = rules.Minimum is { } low ? string.Create(CultureInfo.InvariantCulture, $"at least {low}") : null;
            var most = rules.Maximum is { } high ? string.Create(CultureInfo.InvariantCulture, $"at most {high}") : null;
            var bounds = least is null || most is null ? least ?? most : $"{least} and {most}";
            add("range", string.Create(CultureInfo.InvariantCulture, $"{rules.Name} is {number}{(rules.Unit is { } said ? $" {said}" : "")}, {bounds} is agreed"));
        }
    }

    private void Count(Device device, Breach breach) => violations.Add(device.Tenant, device.Id, breach.Property, breach.Rule, breach.Says, breach.Choice);

    private static Refusal Rejection(Device device, List<Breach> rejecting) => new(
        "fabric.contract.violated", $"Nothing was stored, because the contract of {device.Thing} is broken: {rejecting[0].Says} (rule {rejecting[0].Property}.{rejecting[0].Rule}).")
    {
        Details = [.. rejecting.Take(DetailsMax).Select(breach => new RefusalDetail($"{breach.Property}.{breach.Rule}", breach.Says))],
    };

    private static List<TelemetryRow> Without(IReadOnlyList<TelemetryRow> rows, HashSet<(TelemetryRow, string)> left)
    {
        var kept = new List<TelemetryRow>(rows.Count);
        foreach (var row in rows)
        {
            var columns = Enumerable.Range(0, row.Properties.Length).Where(i => !left.Contains((row, row.Properties[i]))).ToList();
            if (columns.Count > 0)
            {
                kept.Add(new TelemetryRow(row.TimeNs, [.. columns.Select(i => row.Properties[i])], [.. columns.Select(i => row.Values[i])]));
            }
        }

        return kept;
    }

    private static string Shown(SeriesValue value) => DescriptionFaults.Shown(value.ToString());

    private static string WordOf(SeriesKind kind) => kind switch
    {
        SeriesKind.Number => "a number",
        SeriesKind.Whole => "a whole number",
        SeriesKind.Truth => "true or false",
        SeriesKind.Text => "text",
        _ => "JSON",
    };

    /// <summary>What was found in one message.</summary>
    private sealed class Findings
    {
        public List<Breach> Breaches { get; } = [];

        /// <summary>Stretches that ended with too few points.</summary>
        public List<Breach> Short { get; } = [];

        public RateWindows.Taking Taken { get; } = new();
    }

    /// <summary>A rule that a row breaks; the column is below 0 where it is missing.</summary>
    private sealed record Breach(TelemetryRow Row, int Column, string Property, string Rule, string Says, OnViolation Choice);
}
