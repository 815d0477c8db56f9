using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary>Ties every alert to what it came from: the rows of its device, the inference on them, and the release that made it.</summary>
/// <remarks>An edge that is there is not added again, so the start walks all alerts and a crash in between loses none.</remarks>
internal sealed class AlertThread(IDomainEvents events, ILineage lineage, UseCaseStore useCases, TimeSeriesStore store, Hosting.ServerOptions options) : BackgroundService
{
    private const string Alert = "alert";
    private const int WaitingMax = 10_000;

    // Full means that alerts come faster than they can be tied; those left out are tied at the next start.
    private readonly Channel<DomainEvent> _waiting = Channel.CreateBounded<DomainEvent>(new BoundedChannelOptions(WaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        events.Recorded += Hear;
        try
        {
            foreach (var tenant in useCases.Tenants().Append(new TenantId(options.Tenant)).Distinct())
            {
                foreach (var raised in events.Read(tenant, Alert))
                {
                    Tie(raised);
                }
            }

            await foreach (var raised in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                Tie(raised);
            }
        }
        finally
        {
            events.Recorded -= Hear;
        }
    }

    private void Hear(DomainEvent happened)
    {
        if (happened.Type == Alert)
        {
            _waiting.Writer.TryWrite(happened);
        }
    }

    private void Tie(DomainEvent raised)
    {
        var inference = new NodeRef(NodeKind.Inference, $"{raised.Device}/{raised.TimeNs}");
        var edges = new List<LineageEdge>
        {
            new(new(NodeKind.SeriesSpan, $"{raised.Device}/{FirstNs(raised)}-{raised.TimeNs}"), "read by", inference, raised.ReceivedNs),
            new(new(NodeKind.Device, raised.Device.Value), "ran", inference, raised.ReceivedNs),
            new(inference, "raised", new(NodeKind.Alert, Text(raised.Data, "id") ?? raised.Id), raised.ReceivedNs),
        };
        if (Text(raised.Data, "release") is { } release)
        {
            edges.Add(new(new(NodeKind.Release, release), "made", inference, raised.ReceivedNs));
        }

        lineage.Append(raised.Tenant, edges);
    }

    private long FirstNs(DomainEvent raised)
    {
        var first = raised.TimeNs;
        foreach (var key in store.Series(raised.Tenant, raised.Device))
        {
            var statistics = store.Statistics(key);
            first = statistics.Count == 0 ? first : Math.Min(first, statistics.FirstNs);
        }

        return first;
    }

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
