using System.Buffers;
using Pilotage.Server.Fabric.Export.Parquet;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Export;

/// <summary>Series as a table in Parquet: a row for each point, in order of device, property and time, made a row group at a time.</summary>
/// <remarks>
/// <c>value</c> is every number as a double, also whole numbers and truth; <c>whole</c> and <c>truth</c> are those exactly as they are, <c>text</c> is text and JSON. As in a
/// table of CSV, what is bad or not finite is left out.
/// </remarks>
/// <param name="export">What is exported.</param>
/// <param name="store">The series.</param>
/// <param name="unitOf">The unit of a property of a device (UCUM), null where it is not known.</param>
internal sealed class ParquetExport(SeriesExport export, TimeSeriesStore store, Func<Device, string, string?> unitOf)
{
    // A row group is held until it is sent: about six megabytes of numbers, or of texts sixteen.
    private const int GroupRows = 128 * 1024;
    private const int GroupTextBytes = 16 * 1024 * 1024;
    private const int RowsAtOnce = 1_024;

    private readonly WordColumn _device = new("device");
    private readonly WordColumn _property = new("property");
    private readonly TimeColumn _ts = new("ts");
    private readonly NumberColumn _value = new("value");
    private readonly WholeColumn _whole = new("whole");
    private readonly TruthColumn _truth = new("truth");
    private readonly TextColumn _text = new("text");
    private readonly WordColumn _unit = new("unit", isOptional: true);
    private readonly WordColumn _quality = new("quality");

    /// <summary>Hands on the file as it is made.</summary>
    public async Task WriteAsync(Func<ReadOnlyMemory<byte>, Task> send, CancellationToken cancellation)
    {
        // Device, property and ts, by their places.
        using var file = new ParquetWriter([_device, _property, _ts, _value, _whole, _truth, _text, _unit, _quality], sortedBy: [0, 1, 2]);
        var output = new ArrayBufferWriter<byte>();
        async Task SendAsync()
        {
            await send(output.WrittenMemory);
            output.ResetWrittenCount();
        }

        file.Begin(output);
        foreach (var device in export.Devices)
        {
            foreach (var property in export.Properties.Order(StringComparer.Ordinal))
            {
                cancellation.ThrowIfCancellationRequested();
                var unit = unitOf(device, property);
                foreach (var point in store.ReadTyped(new SeriesKey(device.Tenant, device.Id, property), export.FromNs, export.ToNs - 1).Where(SeriesExport.Counts))
                {
                    Add(device, property, unit, point);
                    if (_ts.Rows % RowsAtOnce == 0)
                    {
                        cancellation.ThrowIfCancellationRequested();
                    }

                    if (_ts.Rows == GroupRows || _text.Bytes >= GroupTextBytes)
                    {
                        file.WriteGroup(output);
                        await SendAsync();
                    }
                }
            }
        }

        file.WriteGroup(output);
        file.End(output);
        await SendAsync();
    }

    private void Add(Device device, string property, string? unit, TypedPoint point)
    {
        _device.Add(device.Id.Value);
        _property.Add(property);
        _ts.Add(point.TimeNs);
        _unit.Add(unit);
        _quality.Add(point.Quality == Quality.Good ? "good" : "uncertain");
        var kind = point.Value.Kind;
        if (kind >= SeriesKind.Text)
        {
            _text.Add(point.Value.Text ?? "");
            _value.Null();
        }
        else
        {
            _text.Null();
            _value.Add(point.Value.Number);
        }

        if (kind == SeriesKind.Whole)
        {
            _whole.Add(point.Value.Whole);
        }
        else
        {
            _whole.Null();
        }

        if (kind == SeriesKind.Truth)
        {
            _truth.Add(point.Value.IsTrue);
        }
        else
        {
            _truth.Null();
        }
    }
}
