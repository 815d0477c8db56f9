using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Messages that nobody understood are kept up to a number and a size; the oldest make room.</summary>
public sealed class BadMessageRoomTests : IAsyncLifetime
{
    private const string Trimmed = "pilotage.ingest.bad.trimmed";
    private static readonly TenantId Acme = new("acme");
    private static readonly TenantId Other = new("other");
    private static readonly DeviceId Device = new("p1");
    private readonly TestServerFolder _server = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Of_too_many_the_oldest_of_their_tenant_go_and_are_counted()
    {
        using var counted = new CountedMetrics(Trimmed);
        await using (var store = Open(new ServerOptions { DataFolder = _server.Path, BadMessagesMax = 10 }))
        {
            await store.KeepAsync(Bad(Other, 0));
            for (var i = 0; i < 13; i++)
            {
                await store.KeepAsync(Bad(Acme, i));
            }

            Assert.Equal([12, 11, 10, 9, 8, 7, 6, 5, 4, 3], Kept(store, Acme));

            // One that is there already, as a redelivery brings it, makes no room.
            await store.KeepAsync(Bad(Acme, 12));
            Assert.Equal(10, Kept(store, Acme).Count);
            Assert.Equal([0], Kept(store, Other));
            Assert.InRange(counted.Of(Trimmed), 3, long.MaxValue);
        }

        // What was kept is known after a start, and also where the number is less than before.
        await using var again = Open(new ServerOptions { DataFolder = _server.Path, BadMessagesMax = 4 });
        await again.KeepAsync(Bad(Acme, 13));
        Assert.Equal([13, 12, 11, 10], Kept(again, Acme));
    }

    [Fact]
    public async Task Of_too_many_bytes_the_oldest_go_too_and_several_share_a_commit()
    {
        await using var store = Open(new ServerOptions { DataFolder = _server.Path, BadMessageBytesMax = 1_000 });
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => store.KeepAsync(Bad(Acme, i, bytes: 100))));
        Assert.Equal(Enumerable.Range(30, 10).Reverse(), Kept(store, Acme));
        await store.KeepAsync(Bad(Acme, 40, bytes: 350));
        Assert.Equal([40, 39, 38, 37, 36, 35, 34], Kept(store, Acme));
    }

    private static BadMessage Bad(TenantId tenant, int number, int bytes = 8) =>
        new(tenant, Device, "t", number, "because", Encoding.UTF8.GetBytes(new string('x', bytes)), $"edge-1/{number}");

    private static List<int> Kept(EventStore store, TenantId tenant) => [.. store.Bad(tenant, Device, 1_000).Select(bad => (int)bad.ReceivedNs)];

    private EventStore Open(ServerOptions options) => new(_server.Get<ICatalogue>(), options, TimeProvider.System, _server.Get<IMeterFactory>(), NullLogger<EventStore>.Instance);
}
