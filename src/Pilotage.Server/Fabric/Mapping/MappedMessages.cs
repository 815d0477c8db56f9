using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>What became of a foreign message.</summary>
internal enum MappedFate
{
    /// <summary>All of it is in the store.</summary>
    Stored,

    /// <summary>It, or a part of it, could not be read or did not fit; the message is kept whole with the reason, and the rest is in the store.</summary>
    Kept,

    /// <summary>No rule takes it, or its device is not to be had: nothing is stored.</summary>
    Unmapped,

    /// <summary>There is nothing in it to be stored: it is empty, or retained and old.</summary>
    Skipped,
}

/// <summary>The fate of a message, and why.</summary>
internal sealed record MappedResult(MappedFate Fate, string? Why)
{
    /// <summary>The latest time that the payload itself gave; null where it gave none.</summary>
    public long? TimeNs { get; init; }
}

/// <summary>Stores foreign messages by the rules of a mapping. A task of it that completes means: on disk, acknowledge now.</summary>
internal sealed class MappedMessages
{
    /// <summary>Most messages of one mapping that are kept because they were not understood, since the server started; more are counted.</summary>
    public const int KeptMax = 10_000;

    private const int ConversionsMax = 10_000;
    private readonly Ingestion _ingestion;
    private readonly MappedDevices _devices;
    private readonly ThingBook _things;
    private readonly DeadLetters _letters;
    private readonly ConcurrentDictionary<(string From, string To), Outcome<UnitConversion>> _conversions = new();
    private readonly ConcurrentDictionary<(TenantId, string), int> _kept = new();
    private readonly Counter<long> _messages;
    private readonly Counter<long> _unkept;

    public MappedMessages(Ingestion ingestion, MappedDevices devices, ThingBook things, DeadLetters letters, IMeterFactory meters)
    {
        (_ingestion, _devices, _things, _letters) = (ingestion, devices, things, letters);
        var meter = meters.Create("Pilotage.Server");
        _messages = meter.CreateCounter<long>("pilotage.mapping.messages", "{message}", "Foreign messages that mappings were asked about, by result: stored, kept, unmapped, skipped.");
        _unkept = meter.CreateCounter<long>("pilotage.mapping.messages.unkept", "{message}", "Foreign messages that were not understood and no longer kept, because so many of their mapping were kept before.");
        _unkept.Add(0);
        foreach (var fate in Enum.GetValues<MappedFate>())
        {
            Count(0, fate);
        }
    }

    /// <summary>Stores one message. Queued before the first await, so that order is kept.</summary>
    /// <param name="isKept">Whether it is a dead letter that is tried again, which stays one where it cannot be read still.</param>
    public async Task<MappedResult> StoreAsync(RuleTable table, ForeignMessage message, bool isKept = false)
    {
        var (result, stored) = Take(table, message, isKept);
        await stored;
        Count(1, result.Fate);
        return result;
    }

    /// <summary>Values as the description of their device has them, and what did not convert.</summary>
    public (TelemetryRow? Row, string? Fault) Converted(TenantId tenant, string thing, MappedRow row)
    {
        var (names, values, fault) = (new List<string>(row.Values.Count), new List<SeriesValue>(row.Values.Count), (string?)null);
        foreach (var value in row.Values)
        {
            var (converted, why) = Converted(value, _things.Find(tenant, thing)?.Properties.GetValueOrDefault(value.Property)?.Unit);
            if (why is null)
            {
                names.Add(value.Property);
                values.Add(converted);
            }

            fault ??= why;
        }

        return (names.Count == 0 ? null : new TelemetryRow(row.TimeNs, [.. names], values.ToArray()), fault);
    }

    private (MappedResult Result, Task Stored) Take(RuleTable table, ForeignMessage message, bool isKept)
    {
        if (table.Find(message.Topic) is not { } match)
        {
            return (new(MappedFate.Unmapped, $"no rule of {table.Mapping.Name} takes the topic"), Task.CompletedTask);
        }

        if (message.Payload.IsEmpty || (message.IsRetained && !match.Rule.TakesRetained))
        {
            return (new(MappedFate.Skipped, message.Payload.IsEmpty ? "it is empty" : "it is retained, and the rule has no time for it"), Task.CompletedTask);
        }

        var reading = PayloadReader.Read(match, message.ContentType, message.Payload, message.ReceivedNs);
        return reading.Rows.Count > 0 ? TakeRows(table, match.Rule, message, reading)
            : reading.Fault is { } fault ? TakeFault(table, match, message, fault, isKept)
            : (new(MappedFate.Skipped, "there is no value in it that the rule takes"), Task.CompletedTask);
    }

    private (MappedResult Result, Task Stored) TakeRows(RuleTable table, MappingRule rule, ForeignMessage message, MappedReading reading)
    {
        var (fault, missing, stores) = (reading.Fault, (string?)null, new List<Task>());
        var taken = new IngestMessage(message.Topic, message.Payload, [], message.ReceivedNs, message.ReceivedNs, null) { ContentType = message.ContentType };
        foreach (var ofDevice in reading.Rows.GroupBy(row => row.DevicePath, StringComparer.Ordinal))
        {
            if (!_devices.Of(table.Tenant, ofDevice.Key, rule, table.Mapping.DevicesMax, message.Speaker).TryGet(out var device, out var refusal))
            {
                missing ??= refusal.Message;
                continue;
            }

            var converted = ofDevice.Select(row => Converted(device.Tenant, device.Thing, row)).ToList();
            var decoded = _ingestion.Fit(DecodedMessage.OfRows(
                device, taken, [.. converted.Select(one => one.Row).OfType<TelemetryRow>()], stores.Count == 0 && reading.Fault is { } part ? part : converted.Find(one => one.Fault is not null).Fault));
            if (decoded.Rejected is { } rejected)
            {
                // The other broker would only send it again, so what a contract lets in no more is kept aside.
                decoded = DecodedMessage.NotUnderstood(device, taken, rejected.Message);
            }

            fault ??= decoded.Fault;
            stores.Add(_ingestion.StoreAsync(Bounded(table, decoded)));
        }

        var result = missing is not null ? new MappedResult(MappedFate.Unmapped, missing) : new MappedResult(fault is null ? MappedFate.Stored : MappedFate.Kept, fault);
        var times = reading.Rows.Where(row => row.HasTime).Select(row => (long?)row.TimeNs);
        return (result with { TimeNs = times.Max() }, Task.WhenAll(stores));
    }

    /// <summary>Nothing was understood: kept with the device that the topic names, which is not made for it, else as a dead letter.</summary>
    private (MappedResult Result, Task Stored) TakeFault(RuleTable table, RuleMatch match, ForeignMessage message, string fault, bool isKept)
    {
        if (_devices.Refuses(table.Tenant, match.DevicePath, message.Speaker))
        {
            return (new(MappedFate.Unmapped, fault), Task.CompletedTask);
        }

        if (match.DevicePath is { } path && _devices.Known(table.Tenant, path, message.Speaker).TryGet(out var device, out _) && device is not null)
        {
            var taken = new IngestMessage(message.Topic, message.Payload, [], message.ReceivedNs, message.ReceivedNs, null) { ContentType = message.ContentType };
            return (new(MappedFate.Kept, fault), _ingestion.StoreAsync(Bounded(table, DecodedMessage.NotUnderstood(device, taken, fault))));
        }

        return isKept || message.IsOfGateway ? (new(MappedFate.Unmapped, fault), Task.CompletedTask)
            : _letters.Keep(table.Tenant, table.Source, message, fault) is { } kept ? (new(MappedFate.Kept, fault), kept)
            : (new(MappedFate.Unmapped, $"{fault}; it is not kept, because there are {DeadLetters.Bounds} of them that nobody can read: pilotage source dead-letters"), Task.CompletedTask);
    }

    /// <summary>A plant that says all day what nobody reads must not fill the disk with it.</summary>
    private DecodedMessage Bounded(RuleTable table, DecodedMessage decoded)
    {
        if (decoded.Fault is null || _kept.AddOrUpdate((table.Tenant, table.Mapping.Name), 1, (_, kept) => Math.Min(kept, KeptMax) + 1) <= KeptMax)
        {
            return decoded;
        }

        _unkept.Add(1);
        return decoded.WithoutFault();
    }

    private (SeriesValue Value, string? Why) Converted(MappedValue value, Unit? described)
    {
        if (value.Unit is not { } unit || described is null || value.Value.Kind is not (SeriesKind.Number or SeriesKind.Whole) || unit.IsSameAs(described))
        {
            return (value.Value, null);
        }

        if (_conversions.Count > ConversionsMax)
        {
            _conversions.Clear();
        }

        return _conversions.GetOrAdd((unit.Code, described.Code), _ => unit.ConversionTo(described)).TryGet(out var conversion, out var refusal)
            ? (SeriesValue.Of(conversion.Of(value.Value.Number)), null)
            : (value.Value, $"{value.Property}: {refusal.Message.TrimEnd('.')}");
    }

    private void Count(long messages, MappedFate fate) => _messages.Add(messages, new KeyValuePair<string, object?>("result", fate.ToString().ToLowerInvariant()));
}
