using System.Globalization;
using Pilotage.Core.Contracts;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Turns line protocol into rows of devices, line by line; a line that cannot be stored costs that line, a value that value.</summary>
/// <remarks>
/// The tag <c>device</c> names the device. The property is <c>measurement_field</c>; the field alone where the measurement is the
/// thing type of the device, the measurement alone where the field is called <c>value</c>. Every other tag is part of the property,
/// as <c>.tag-value</c> in order of tags: where it were left out, two series would become one.
/// </remarks>
internal sealed class LineTelemetry(LineBook book, Principal who, IFleet fleet, LinePrecision precision, long receivedNs, Admission? direct)
{
    /// <summary>The tag that names the device.</summary>
    public const string DeviceTag = "device";

    private const string PlainField = "value";

    // About, of lines with a name, some fields and a time.
    private const int BytesPerPoint = 10;
    private readonly int _body = ++book.Body;
    private readonly List<LineBook.Target> _targets = [];
    private SeriesValue[] _values = [];

    /// <summary>What could not be stored, and why; the place is <c>line 3</c>, and a column where it could not be read.</summary>
    public ReadingFaults Faults { get; } = new();

    /// <summary>What went straight into batches.</summary>
    public DirectRows Direct { get; private set; } = new(0);

    /// <summary>The line of the first fault; 0 where there is none.</summary>
    public int FirstFaultLine { get; private set; }

    /// <summary>Reads a body.</summary>
    public IReadOnlyList<DecodedMessage> Read(ReadOnlySpan<byte> body)
    {
        Direct = new DirectRows(body.Length / BytesPerPoint);
        var reader = new LineReader(body, precision, book.Memory);
        while (reader.Read())
        {
            if (reader.Point is { } point)
            {
                Take(point);
            }
            else
            {
                var fault = reader.Fault!;
                var line = fault.FromLine == fault.Line ? $"line {fault.Line}" : $"lines {fault.FromLine} to {fault.Line}";
                Add(fault.FromLine, $"{line}, column {fault.Column}", fault.Says);
            }
        }

        DecodedMessage[] messages = [.. _targets.Where(one => one.HasRows && one.Rows.Values > 0).Select(one => DecodedMessage.OfRows(
            one.Device, new IngestMessage(TopicPath.Of(one.Device.Path, TopicClass.Telemetry), default, [], receivedNs, receivedNs, null), one.Rows.ToRows()))];
        _targets.ForEach(one => one.End());
        return messages;
    }

    /// <summary>Takes note of what did not fit the series of its device, or what its contract asks.</summary>
    /// <param name="body">The lines once more, in which the places are looked up: only a body that is at fault pays for that.</param>
    /// <param name="before">What was read of it.</param>
    /// <param name="after">What of that is stored.</param>
    /// <param name="store">Knows what series hold.</param>
    public void Note(ReadOnlySpan<byte> body, IReadOnlyList<DecodedMessage> before, IReadOnlyList<DecodedMessage> after, TimeSeriesStore store)
    {
        var lost = new LostValues(store);
        foreach (var (read, kept) in before.Zip(after).Where(pair => (pair.Second.Rejected ?? (object?)pair.Second.Fault) is not null))
        {
            lost.Add(read, kept);
        }

        if (lost.IsEmpty)
        {
            return;
        }

        var reader = new LineReader(body, precision, book.Memory);
        while (reader.Read())
        {
            if (reader.Point is { } point && Known(point.Series).TryGet(out var known, out _))
            {
                foreach (var key in point.Keys)
                {
                    lost.Met(known.Target.Device.Id, point.TimeNs ?? receivedNs, Named(point.Series, key, known.Target.Device.Thing, known.Behind), point.Line, key);
                }
            }
        }

        foreach (var (line, where, says) in lost.Told())
        {
            Add(line, where, says);
        }

        Faults.Sort(fault => LineOf(fault.Where));
    }

    /// <summary>The line of a place, which begins with <c>line 3</c> or <c>lines 3 to 5</c>.</summary>
    private static int LineOf(string where) => int.Parse(where.Split(' ')[1].TrimEnd(','), CultureInfo.InvariantCulture);

    private void Take(in LinePoint point)
    {
        if (!Known(point.Series).TryGet(out var known, out var refusal))
        {
            Add(point.Line, Where(point), refusal.Message.TrimEnd('.'));
            return;
        }

        var timeNs = point.TimeNs ?? receivedNs;
        if (!Timestamps.TryNanoseconds(timeNs, receivedNs, out var why))
        {
            Add(point.Line, Where(point), $"{Timestamps.Said(why!, "the timestamp")} precision says what it counts");
            return;
        }

        // Fast path: the names are those of a line before, and all can be stored.
        var (target, properties) = (known.Target, LayoutOf(point, known));
        if (properties is not null && (TryDirect(point, known, timeNs, properties) || target.Rows.TryAddRow(timeNs, properties, point.Values)))
        {
            target.LastNs = Math.Max(target.LastNs, timeNs);
            return;
        }

        target.LastNs = Math.Max(target.LastNs, timeNs);

        for (var i = 0; i < point.Keys.Count; i++)
        {
            if (target.Rows.Add(timeNs, Named(point.Series, point.Keys[i], target.Device.Thing, known.Behind), point.Values[i]) is { } wrong)
            {
                Add(point.Line, $"{Where(point)}, field {point.Keys[i]}", wrong);
            }
        }
    }

    private static string Where(in LinePoint point) => $"line {point.Line}";

    /// <summary>Whether a row was taken as it is: later than all before it, and each value of the kind that its series holds.</summary>
    private bool TryDirect(in LinePoint point, LineBook.KnownSeries known, long timeNs, string[] properties)
    {
        var target = known.Target;
        if (direct is null || target.IsBound || timeNs <= target.LastNs)
        {
            return false;
        }

        // Fast path: nothing but doubles.
        if (known.IsOfNumbers && point.Numbers is { IsEmpty: false } numbers)
        {
            Direct.Add(target.Device, timeNs, receivedNs, properties, numbers);
            Tell(target);
            return true;
        }

        if (_values.Length < properties.Length)
        {
            _values = new SeriesValue[properties.Length];
        }

        var values = _values.AsSpan(0, properties.Length);
        var measured = point.Values;
        for (var i = 0; i < values.Length; i++)
        {
            if (!StoredValue.TryOf(measured[i], out values[i], out _))
            {
                return false;
            }
        }

        known.Kinds ??= direct.KindsOf(target.Device, properties, values);
        if (!Admission.IsOf(known.Kinds, values))
        {
            return false;
        }

        known.IsOfNumbers = Array.TrueForAll(known.Kinds, kind => kind == SeriesKind.Number);
        Direct.Add(target.Device, timeNs, receivedNs, properties, values);
        Tell(target);
        return true;
    }

    /// <summary>Tells once a body that rows of a device went straight into batches.</summary>
    private void Tell(LineBook.Target target)
    {
        if (!target.IsDirect)
        {
            target.IsDirect = true;
            Direct.Add(target.Device);
        }
    }

    private static string Named(LineSeries series, string field, string thing, string behind) =>
        (field == PlainField ? series.Measurement
            : series.Measurement == thing ? field
            : $"{series.Measurement}_{field}") + behind;

    /// <summary>What the tags add to it.</summary>
    private static string Behind(LineSeries series) => series.Tags.Any(tag => tag.Key != DeviceTag)
        ? string.Concat(series.Tags.Where(tag => tag.Key != DeviceTag).OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $".{tag.Key}-{tag.Value}"))
        : "";

    /// <summary>The properties of a line whose names are all different and can be stored; null where they are not.</summary>
    private string[]? LayoutOf(in LinePoint point, LineBook.KnownSeries known)
    {
        if (ReferenceEquals(known.Keys, point.Keys))
        {
            return known.Properties;
        }

        // Devices of one thing type have one list of properties, whatever their number.
        var before = point.Series.Measurement == known.Target.Device.Thing ? "" : point.Series.Measurement;
        if (!book.Layouts.TryGetValue((point.Keys, before, known.Behind), out var properties))
        {
            var series = point.Series;
            var named = point.Keys.Select(key => Named(series, key, known.Target.Device.Thing, known.Behind)).ToArray();
            properties = named.Length <= RowGathering.PropertiesMax && Array.TrueForAll(named, TelemetryReader.IsProperty)
                && named.Distinct(StringComparer.Ordinal).Count() == named.Length ? named : null;
            book.Layouts.Add((point.Keys, before, known.Behind), properties);
        }

        (known.Keys, known.Properties, known.Kinds, known.IsOfNumbers) = (point.Keys, properties, null, false);
        return properties;
    }

    private Outcome<LineBook.KnownSeries> Known(LineSeries series)
    {
        if (!book.Series.TryGetValue(series, out var known))
        {
            if (!DeviceOf(series).TryGet(out var device, out var refusal))
            {
                return refusal;
            }

            book.Series.Add(series, known = new LineBook.KnownSeries(book.TargetOf(device), Behind(series)));
        }

        if (known.Target.Body != _body)
        {
            known.Target.Begin(_body, direct?.Binds(known.Target.Device) != false);
            _targets.Add(known.Target);
        }

        return known;
    }

    private Outcome<Device> DeviceOf(LineSeries series)
    {
        foreach (var (key, value) in series.Tags)
        {
            if (key == DeviceTag)
            {
                return DeviceNamed(value);
            }
        }

        return who.Device is { } self
            ? DeviceNamed(self.Value)
            : new Refusal("fabric.device.not_found", $"the tag {DeviceTag} is missing; it names the device by id, path or name");
    }

    private Outcome<Device> DeviceNamed(string name)
    {
        if (!book.Devices.TryGetValue(name, out var device))
        {
            book.Devices.Add(name, device = DoorRights.DeviceFor(who, fleet, name));
        }

        return device;
    }

    private void Add(int line, string where, string says)
    {
        FirstFaultLine = FirstFaultLine == 0 ? line : Math.Min(FirstFaultLine, line);
        Faults.Add(where, says);
    }
}
