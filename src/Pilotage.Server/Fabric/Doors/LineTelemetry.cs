using Pilotage.Core.Contracts;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Turns line protocol into rows of devices, line by line; a line that cannot be stored costs that line, a value that value.</summary>
/// <remarks>
/// The tag <c>device</c> names the device. The property is <c>measurement_field</c>; the field alone where the measurement is the
/// thing type of the device, the measurement alone where the field is called <c>value</c>. Every other tag is part of the property,
/// as <c>.tag-value</c> in order of tags: where it were left out, two series would become one.
/// </remarks>
internal sealed class LineTelemetry(Principal who, IFleet fleet, LinePrecision precision, long receivedNs)
{
    /// <summary>The tag that names the device.</summary>
    public const string DeviceTag = "device";

    private const string PlainField = "value";
    private readonly Dictionary<string, Outcome<Device>> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<DeviceId, (Device Device, RowGathering Rows)> _rows = [];

    /// <summary>What could not be stored, and why; the place is <c>line 3</c>, and a column where it could not be read.</summary>
    public ReadingFaults Faults { get; } = new();

    /// <summary>The line of the first fault; 0 where there is none.</summary>
    public int FirstFaultLine { get; private set; }

    /// <summary>Reads a body.</summary>
    public IReadOnlyList<DecodedMessage> Read(ReadOnlySpan<byte> body)
    {
        var reader = new LineReader(body, precision);
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

        return [.. _rows.Values.Where(one => one.Rows.Values > 0).Select(one => DecodedMessage.OfRows(
            one.Device, new IngestMessage(TopicPath.Of(one.Device.Path, TopicClass.Telemetry), default, [], receivedNs, receivedNs, null), one.Rows.ToRows()))];
    }

    /// <summary>Takes note of what did not fit the series of its device.</summary>
    public void Note(DecodedMessage message)
    {
        if (message.Fault is { } misfit)
        {
            Faults.Add($"device {message.Device.Id}", misfit);
        }
    }

    /// <summary>The property of a field.</summary>
    internal static string PropertyOf(LinePoint point, string field, string thing)
    {
        var property = field == PlainField ? point.Measurement
            : point.Measurement == thing ? field
            : $"{point.Measurement}_{field}";
        return point.Tags.Any(tag => tag.Key != DeviceTag)
            ? property + string.Concat(point.Tags.Where(tag => tag.Key != DeviceTag).OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $".{tag.Key}-{tag.Value}"))
            : property;
    }

    private void Take(LinePoint point)
    {
        var where = $"line {point.Line}";
        if (!DeviceOf(point).TryGet(out var device, out var refusal))
        {
            Add(point.Line, where, refusal.Message.TrimEnd('.'));
            return;
        }

        var timeNs = point.TimeNs ?? receivedNs;
        if (!Timestamps.TryNanoseconds(timeNs, receivedNs, out var why))
        {
            Add(point.Line, where, $"{why} precision says what the timestamp counts");
            return;
        }

        if (!_rows.TryGetValue(device.Id, out var rows))
        {
            _rows.Add(device.Id, rows = (device, new RowGathering()));
        }

        foreach (var (field, value) in point.Fields)
        {
            if (rows.Rows.Add(timeNs, PropertyOf(point, field, device.Thing), value) is { } wrong)
            {
                Add(point.Line, $"{where}, field {field}", wrong);
            }
        }
    }

    private Outcome<Device> DeviceOf(LinePoint point)
    {
        foreach (var (key, value) in point.Tags)
        {
            if (key == DeviceTag)
            {
                return Known(value);
            }
        }

        return who.Device is { } self
            ? Known(self.Value)
            : new Refusal("fabric.device.not_found", $"the tag {DeviceTag} is missing; it names the device by id, path or name");
    }

    private Outcome<Device> Known(string name)
    {
        if (!_devices.TryGetValue(name, out var device))
        {
            _devices.Add(name, device = DoorRights.DeviceFor(who, fleet, name));
        }

        return device;
    }

    private void Add(int line, string where, string says)
    {
        FirstFaultLine = FirstFaultLine == 0 ? line : FirstFaultLine;
        Faults.Add(where, says);
    }
}
