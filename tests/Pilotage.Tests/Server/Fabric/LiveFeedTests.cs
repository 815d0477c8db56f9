using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class LiveFeedTests : IAsyncLifetime
{
    private const int WaitingMax = 1_000;
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Pump = new("pump-1");
    private readonly TestServerFolder _server = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Messages_come_to_those_whose_filter_they_match_and_to_nobody_else()
    {
        var feed = Feed();
        using var lyon = feed.WatchMessages(Acme, "acme/lyon/#").Value;
        using var everything = feed.Watch(Acme, null, null).Value;
        using var others = feed.WatchMessages(new TenantId("globex"), "#").Value;

        Say(feed, "acme/nice/pump-1/_tele");
        Say(feed, "acme/lyon/pump-1/_tele");

        Assert.Equal("acme/lyon/pump-1/_tele", Assert.Single(await Taken(lyon)).Type);
        Assert.Empty(await Taken(everything));
        Assert.Empty(await Taken(others));
    }

    [Fact]
    public async Task A_slow_reader_has_what_fits_and_is_told_how_many_it_missed()
    {
        var feed = Feed();
        using var watcher = feed.WatchMessages(Acme, "#").Value;
        for (var i = 0; i < WaitingMax + 5; i++)
        {
            Say(feed, "acme/lyon/pump-1/_tele");
        }

        Assert.Equal(WaitingMax, (await Taken(watcher)).Count);
        Assert.Equal(5, watcher.TakeMissed());
        Assert.Equal(0, watcher.TakeMissed());
    }

    [Fact]
    public void All_kinds_of_streams_share_one_limit_and_one_that_ends_makes_room()
    {
        var feed = Feed(streamsMax: 3);
        using var first = feed.Watch(Acme, null, null).Value;
        using var second = feed.WatchMessages(Acme, "#").Value;
        var third = feed.WatchOwn().Value;

        Assert.Equal("fabric.streams.too_many", feed.WatchMessages(Acme, "#").Refusal.Code);
        third.Dispose();
        third.Dispose();
        using var fourth = feed.WatchMessages(Acme, "#").Value;
        Assert.False(feed.WatchOwn().IsOk);
    }

    [Fact]
    public void A_long_payload_waits_as_its_beginning_cut_between_two_characters()
    {
        var text = new string('x', LiveFeed.LivePayload.BytesMax - 1) + "üü";
        var payload = LiveFeed.LivePayload.Of(Encoding.UTF8.GetBytes(text));
        Assert.Equal(Encoding.UTF8.GetByteCount(text), payload.Bytes);
        Assert.Equal(text[..^2], Encoding.UTF8.GetString(payload.Beginning.Span));

        var whole = new byte[LiveFeed.LivePayload.BytesMax];
        Assert.Equal(whole.Length, LiveFeed.LivePayload.Of(whole).Beginning.Length);
    }

    private static void Say(LiveFeed feed, string topic) => feed.Message(Acme, Pump, topic, "1"u8.ToArray(), 5);

    /// <summary>What waits, without waiting for more.</summary>
    private static async Task<List<LiveFeed.LiveEvent>> Taken(LiveFeed.Watcher watcher)
    {
        using var enough = new CancellationTokenSource();
        var taken = new List<LiveFeed.LiveEvent>();
        await using var reader = watcher.ReadAsync(enough.Token).GetAsyncEnumerator(enough.Token);
        while (true)
        {
            var next = reader.MoveNextAsync();
            if (!next.IsCompleted)
            {
                await enough.CancelAsync();
            }

            if (!await next)
            {
                return taken;
            }

            taken.Add(reader.Current);
        }
    }

    private LiveFeed Feed(int streamsMax = 10) => new(
        _server.Get<IPresences>(), _server.Get<EventStore>(), new ServerOptions { DataFolder = _server.Path, EventStreamsMax = streamsMax });
}
