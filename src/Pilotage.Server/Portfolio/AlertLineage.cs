using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary>Ties every recorded alert into the thread: the rows it was seen in, the release that saw it.</summary>
/// <remarks>Runs from the first alert at every start; an edge that is there already is not added again.</remarks>
internal sealed class AlertLineage(IDomainEvents events, ILineage lineage, UseCaseStore useCases, TimeSeriesStore store, TimeProvider time, ServerOptions options) : BackgroundService
{
    private const string AlertType = "alert";

    // One signal is enough however many alerts came: what is new is read from the record.
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<TenantId, long> _positions = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        events.Recorded += Signal;
        _signals.Writer.TryWrite(true);
        try
        {
            await foreach (var _ in _signals.Reader.ReadAllAsync(stoppingToken))
            {
                foreach (var tenant in useCases.Tenants().Append(new TenantId(options.Tenant)).Distinct())
                {
                    Tie(tenant);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; the next start goes on.
        }
        finally
        {
            events.Recorded -= Signal;
        }
    }

    private void Signal(DomainEvent recorded)
    {
        if (recorded.Type == AlertType)
        {
            _signals.Writer.TryWrite(true);
        }
    }

    private void Tie(TenantId tenant)
    {
        while (events.Read(tenant, AlertType, afterPosition: _positions.GetValueOrDefault(tenant)) is { Count: > 0 } batch)
        {
            lineage.Append(tenant, [.. batch.SelectMany(Edges)]);
            _positions[tenant] = batch[^1].Position;
        }
    }

    private IEnumerable<LineageEdge> Edges(DomainEvent alert)
    {
        var now = time.NowNs();
        var device = new NodeRef(NodeKind.Device, alert.Device.Value);
        var inference = new NodeRef(NodeKind.Inference, $"{alert.Device}/{alert.TimeNs}");
        if (FirstNs(alert) is { } first)
        {
            var span = new NodeRef(NodeKind.SeriesSpan, $"{alert.Device}/{first}-{alert.TimeNs}");
            yield return new LineageEdge(device, "measured", span, now);
            yield return new LineageEdge(span, "inferred from", inference, now);
        }

        if (Text(alert.Data, "release") is { } release)
        {
            yield return new LineageEdge(new NodeRef(NodeKind.Release, release), "answered", inference, now);
        }

        yield return new LineageEdge(inference, "raised", new NodeRef(NodeKind.Alert, Text(alert.Data, "id") ?? alert.Id), now);
    }

    private long? FirstNs(DomainEvent alert)
    {
        // Outputs of models carry the release in their name; what was measured does not.
        var key = store.Series(alert.Tenant, alert.Device).Where(key => !key.Property.Contains('@', StringComparison.Ordinal)).Select(key => (SeriesKey?)key).FirstOrDefault();
        foreach (var point in key is { } series ? store.Read(series, long.MinValue, alert.TimeNs) : [])
        {
            return point.TimeNs;
        }

        return null;
    }

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
