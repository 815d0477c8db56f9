using System.Globalization;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Says what messages would become, and stores nothing.</summary>
internal sealed class MappingPreview(MappedMessages messages, MappedDevices devices, ThingBook things)
{
    private const int ValueCharsMax = 200;

    /// <summary>What one message would become.</summary>
    /// <param name="Rule">The rule that takes it; null where none does.</param>
    /// <param name="Says">Why nothing, or not all of it, would be stored; null when all would.</param>
    internal sealed record Outlook(string Topic, string? Rule, string Fate, IReadOnlyList<OutlookRow> Rows, string? Says);

    /// <summary>Values of one device at one time.</summary>
    /// <param name="IsNew">Whether the device would be made.</param>
    internal sealed record OutlookRow(string Device, string Thing, bool IsNew, DateTimeOffset Ts, bool TimeIsOfArrival, IReadOnlyList<OutlookValue> Values);

    /// <summary>One value in the unit in which it would be stored; null where nothing says one.</summary>
    internal sealed record OutlookValue(string Property, string Kind, string Value, string? Unit);

    public Outlook Of(RuleTable table, ForeignMessage message)
    {
        if (table.Find(message.Topic) is not { } match)
        {
            return new Outlook(message.Topic, null, "unmapped", [], "no rule takes the topic");
        }

        var rule = match.Rule;
        if (message.Payload.IsEmpty || (message.IsRetained && !rule.TakesRetained))
        {
            return new Outlook(message.Topic, rule.Name, "skipped", [], message.Payload.IsEmpty ? "it is empty" : "it is retained, so it may be old, and the rule has no time for it; say retained: take to have it all the same");
        }

        var reading = PayloadReader.Read(match, message.ContentType, message.Payload, message.ReceivedNs);
        var (rows, says) = (new List<OutlookRow>(), reading.Fault);
        var isMissing = false;
        foreach (var row in reading.Rows)
        {
            var (shown, why) = RowOf(table, rule, row);
            isMissing |= shown is null;
            says ??= why;
            rows.AddRange(shown is null ? [] : [shown]);
        }

        isMissing |= rows.Count == 0 && reading.Fault is not null && devices.Refuses(table.Tenant, match.DevicePath);
        var fate = isMissing ? "unmapped" : says is not null ? "kept" : rows.Count > 0 ? "stored" : "skipped";
        return new Outlook(message.Topic, rule.Name, fate, rows, says ?? (rows.Count == 0 ? "there is no value in it that the rule takes" : null));
    }

    private (OutlookRow? Row, string? Says) RowOf(RuleTable table, MappingRule rule, MappedRow row)
    {
        if (!devices.Known(table.Tenant, row.DevicePath).TryGet(out var device, out var refusal))
        {
            return (null, refusal.Message);
        }

        if (device is null && devices.WhyNoMore(table.Tenant, row.DevicePath, rule, table.Mapping.DevicesMax) is { } why)
        {
            return (null, why);
        }

        var thing = device?.Thing ?? rule.Thing;
        var (converted, fault) = messages.Converted(table.Tenant, thing, row);
        var values = converted is null ? [] : converted.Properties.Zip(converted.Values, (property, value) => Show(table.Tenant, thing, property, value, row)).ToList();
        return (new OutlookRow(row.DevicePath, thing, device is null, Clock.FromNs(row.TimeNs), !row.HasTime, values), fault);
    }

    private OutlookValue Show(TenantId tenant, string thing, string property, SeriesValue value, MappedRow row)
    {
        var text = value.Kind == SeriesKind.Number ? value.Number.ToString("R", CultureInfo.InvariantCulture) : value.ToString();
        var unit = things.Find(tenant, thing)?.Properties.GetValueOrDefault(property)?.Unit ?? row.Values.First(one => one.Property == property).Unit;
        return new OutlookValue(property, value.Kind.ToString().ToLowerInvariant(), text.Length <= ValueCharsMax ? text : text[..ValueCharsMax] + "…", unit?.Code);
    }
}
