using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pilotage.Core.Units;
using Pilotage.Protocols.SenML;
using Pilotage.Server.Fabric.Ingest;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Reads one foreign message by its rule. Never throws on bad bytes; what can be stored is stored, the rest is said.</summary>
internal sealed class PayloadReader
{
    private const int DepthMax = 32;
    private const int PlainBytesMax = 4 * 1024;
    private const int NameCharsMax = 128;
    private readonly RuleMatch _match;
    private readonly long _receivedNs;
    private readonly List<MappedRow> _rows = [];
    private readonly ReadingFaults _faults = new();
    private readonly HashSet<string> _passed;

    private PayloadReader(RuleMatch match, long receivedNs)
    {
        (_match, _receivedNs) = (match, receivedNs);
        var rule = match.Rule;
        _passed = [.. rule.Device.Fields.Concat(rule.Property?.Fields ?? []).Append(rule.Time?.Field).OfType<FieldPath>().Select(field => field.Name)];
    }

    /// <summary>Reads it.</summary>
    /// <param name="contentType">As the message says; only SenML is believed.</param>
    /// <param name="receivedNs">Stands in for a missing time.</param>
    public static MappedReading Read(RuleMatch match, string? contentType, ReadOnlyMemory<byte> payload, long receivedNs)
    {
        var reader = new PayloadReader(match, receivedNs);
        reader.Read(contentType, payload);
        return new MappedReading(reader._rows, reader._faults.Words());
    }

    private void Read(string? contentType, ReadOnlyMemory<byte> payload)
    {
        var rule = _match.Rule;
        var form = TelemetryForms.Of(contentType) is TelemetryForm.SenMLJson or TelemetryForm.SenMLCbor ? TelemetryForms.Of(contentType)!.Value : TelemetryForm.Json;
        var isSenML = form != TelemetryForm.Json || (rule.Payload is PayloadForm.SenML or PayloadForm.Auto && TelemetryForms.IsSenML(payload.Span, out form));
        if (rule.Payload == PayloadForm.SenML || (rule.Payload == PayloadForm.Auto && isSenML && rule.Property is null))
        {
            ReadSenML(form, payload);
            return;
        }

        if (rule.Payload is PayloadForm.Number or PayloadForm.Text || (rule.Payload == PayloadForm.Auto && rule.IsSingle && !LooksLikeJson(payload.Span)))
        {
            ReadPlain(payload);
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(payload, JsonFault.Strict(DepthMax));
            ReadJson(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The second is what a name or text with half a surrogate pair or bytes beyond UTF-8 ends in.
            _faults.Add("", JsonFault.Of(failure));
        }
    }

    private void ReadSenML(TelemetryForm form, ReadOnlyMemory<byte> payload)
    {
        if (DeviceOf(null) is not { } device)
        {
            return;
        }

        var pack = form == TelemetryForm.SenMLCbor ? SenMLReader.ReadCbor(payload, _receivedNs) : SenMLReader.ReadJson(payload.Span, _receivedNs);
        foreach (var row in SenMLTelemetry.Read(pack, _receivedNs, _faults))
        {
            var values = new RowValues(this, "");
            foreach (var (property, measured) in row.Properties.Zip(row.Values))
            {
                // What the pack says of the unit counts where the rule says nothing of it.
                var (unit, offset) = row.Units?.GetValueOrDefault(property) is { } stated
                    && StatedUnits.UnitOf(stated, property.EndsWith(SenMLTelemetry.SumEnding, StringComparison.Ordinal)) is var (known, added) ? (known, added) : (null, 0);
                var value = offset == 0 || measured.Kind != TimeSeries.SeriesKind.Number ? measured : TimeSeries.SeriesValue.Of(measured.Number + offset);
                values.Add(property, property, unit, (ValueRule rule, out TimeSeries.SeriesValue held, out string? why) => ValueReader.TryHold(value, rule, out held, out why));
            }

            Keep(device, row.TimeNs, hasTime: true, values);
        }
    }

    private void ReadPlain(ReadOnlyMemory<byte> payload)
    {
        if (DeviceOf(null) is not { } device)
        {
            return;
        }

        if (payload.Length > PlainBytesMax || !Utf8.IsValid(payload.Span))
        {
            _faults.Add("", payload.Length > PlainBytesMax ? $"the payload has {payload.Length} bytes; one plain value has at most {PlainBytesMax}" : "the payload is not UTF-8");
            return;
        }

        if (_match.Property is not { } property)
        {
            _faults.Add("", $"one plain value has no fields, and the property is called {_match.Rule.Property!.Text}");
            return;
        }

        var text = Encoding.UTF8.GetString(payload.Span);
        var standsFor = _match.Rule.Payload;
        var values = new RowValues(this, "");
        values.Add(property, property, (ValueRule rule, out TimeSeries.SeriesValue value, out string? why) => ValueReader.TryPlain(
            text,
            rule.Kind is null && !rule.IsScaled && standsFor is PayloadForm.Number or PayloadForm.Text ? rule with { Kind = standsFor == PayloadForm.Text ? TimeSeries.SeriesKind.Text : TimeSeries.SeriesKind.Number } : rule,
            out value,
            out why));
        Keep(device, _receivedNs, hasTime: false, values);
    }

    private void ReadJson(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Array)
        {
            ReadItem(root, "");
            return;
        }

        var at = 0;
        foreach (var item in root.EnumerateArray())
        {
            ReadItem(item, $"item {at++}");
        }

        if (at == 0)
        {
            _faults.Add("", "the list is empty");
        }
    }

    private void ReadItem(JsonElement item, string where)
    {
        if (DeviceOf(item, where) is not { } device)
        {
            return;
        }

        var (timeNs, time) = (_receivedNs, _match.Rule.Time);
        if (time is not null)
        {
            string? why;
            if (!time.Field.TryFind(item, out var element))
            {
                _faults.Add(where, $"there is no time at {time.Field}");
                return;
            }

            if (!MappedTime.TryRead(element, time.Form, _receivedNs, out timeNs, out why))
            {
                _faults.Add(where, why!);
                return;
            }
        }

        var values = new RowValues(this, where);
        if (_match.Rule.IsSingle)
        {
            ReadOne(item, where, values);
        }
        else if (item.ValueKind == JsonValueKind.Object)
        {
            Walk(item, item, "", values);
        }
        else
        {
            _faults.Add(where, "a single value needs a name: give the rule a property");
        }

        Keep(device, timeNs, time is not null, values);
    }

    private void ReadOne(JsonElement item, string where, RowValues values)
    {
        var value = item;
        if (_match.Rule.Value is { } place)
        {
            if (!place.TryFind(item, out value))
            {
                _faults.Add(where, $"there is nothing at {place}");
                return;
            }
        }
        else if (item.ValueKind == JsonValueKind.Object && !item.TryGetProperty("value", out value))
        {
            _faults.Add(where, "the payload is an object without a member value; say where it stands with value: /NAME");
            return;
        }

        var name = _match.Property;
        if (name is null && !_match.Rule.Property!.Fill(_match.Names, item).TryGet(out name, out var refusal))
        {
            _faults.Add(where, refusal.Message);
            return;
        }

        values.Add(name!, name!, (ValueRule rule, out TimeSeries.SeriesValue read, out string? why) => ValueReader.TryRead(value, rule, out read, out why));
    }

    /// <summary>Every value of an object by its name; members of members with points between the names.</summary>
    private void Walk(JsonElement item, JsonElement at, string prefix, RowValues values)
    {
        foreach (var member in at.EnumerateObject())
        {
            var field = prefix.Length == 0 ? member.Name : $"{prefix}.{member.Name}";
            if (_passed.Contains(field))
            {
                continue;
            }

            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                Walk(item, member.Value, field, values);
                continue;
            }

            var called = field;
            if (_match.Rule.Property is { } property && !property.Fill(_match.Names, item, field).TryGet(out called, out var refusal))
            {
                _faults.Add(field, refusal.Message);
                continue;
            }

            values.Add(field, called!, (ValueRule rule, out TimeSeries.SeriesValue read, out string? why) => ValueReader.TryRead(member.Value, rule, out read, out why));
        }
    }

    private string? DeviceOf(JsonElement? item, string where = "")
    {
        if (_match.DevicePath is { } known)
        {
            return known;
        }

        if (_match.Rule.Device.Fill(_match.Names, item).TryGet(out var filled, out var refusal))
        {
            return filled;
        }

        _faults.Add(where, "device: " + refusal.Message);
        return null;
    }

    private void Keep(string device, long timeNs, bool hasTime, RowValues values)
    {
        if (values.Kept.Count > 0)
        {
            _rows.Add(new MappedRow(device, timeNs, hasTime, values.Kept));
        }
    }

    /// <summary>Whether JSON is meant: what begins like it and is none is told as such.</summary>
    private static bool LooksLikeJson(ReadOnlySpan<byte> payload) => payload.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[' or (byte)'"', ..];

    private delegate bool Reading(ValueRule rule, out TimeSeries.SeriesValue value, out string? why);

    /// <summary>The values of one row, each name once.</summary>
    private sealed class RowValues(PayloadReader reader, string where)
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);

        public List<MappedValue> Kept { get; } = [];

        /// <param name="foreign">What the rule lists it by.</param>
        /// <param name="called">What it is called where the rule has no other name.</param>
        public void Add(string foreign, string called, Reading read) => Add(foreign, called, null, read);

        /// <param name="foreign">What the rule lists it by.</param>
        /// <param name="called">What it is called where the rule has no other name.</param>
        /// <param name="stated">The unit that the payload says; null where it says none.</param>
        public void Add(string foreign, string called, Unit? stated, Reading read)
        {
            var rule = reader._match.Rule;
            if (!rule.Properties.TryGetValue(foreign, out var listed) && !rule.KeepsOthers)
            {
                return;
            }

            var named = listed?.Name ?? NameOf(called);
            var value = listed?.Value ?? rule.Standard;
            if (!TelemetryReader.IsProperty(named))
            {
                Say(foreign, $"cannot be the name of a property: it has 1 to {NameCharsMax} characters");
            }
            else if (!read(value, out var stored, out var why))
            {
                if (why is not null)
                {
                    Say(foreign, why);
                }
            }
            else if (!_names.Add(named))
            {
                Say(foreign, $"would be the property {named}, as another value of the message is already; give one of them a name under properties");
            }
            else if (_names.Count > TopicMapping.PropertiesMax)
            {
                Say(foreign, $"there are more than {TopicMapping.PropertiesMax} values in one message");
            }
            else
            {
                Kept.Add(new MappedValue(named, stored, value.Unit ?? (value.IsScaled ? null : stated)));
            }
        }

        private void Say(string foreign, string says)
        {
            var shown = foreign.Length <= 80 ? foreign : foreign[..80] + "…";
            reader._faults.Add(where.Length > 0 ? $"{where}, {shown}" : shown, says);
        }

        /// <summary>
        /// What cannot stand in the name of a property becomes <c>_</c>, and what parts levels a point. Letters outside of ASCII become
        /// their number, as <c>_x00D6_</c> for Ö: two names that differ in them alone must not be one series.
        /// </summary>
        private static string NameOf(string called)
        {
            if (TelemetryReader.IsProperty(called) || called.Length > NameCharsMax)
            {
                return called;
            }

            var name = new StringBuilder(called.Length);
            foreach (var letter in called)
            {
                if (!char.IsAscii(letter))
                {
                    name.Append(CultureInfo.InvariantCulture, $"_x{(int)letter:X4}_");
                    continue;
                }

                name.Append(letter == '/' ? '.' : char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or ':' or '-' ? letter : '_');
            }

            return name.ToString();
        }
    }
}
