using System.Diagnostics.Metrics;
using Pilotage.Core;
using Pilotage.Server.Fabric;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class TopicBookTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Every_level_has_what_came_at_and_below_it()
    {
        var book = Book();
        book.Count("acme/lyon/pump-1/_tele", 5);
        book.Count("acme/lyon/pump-1/_tele", 9);
        book.Count("acme/lyon/pump-1/_tele/vibration", 7);
        book.Count("acme/nice/pump-2/_event/stop", 3);
        book.Count("globex/x/_tele", 1);

        Assert.Equal(
            [
                new("acme", 0, 3, 4, 9), new("acme/lyon", 1, 2, 3, 9), new("acme/lyon/pump-1", 2, 2, 3, 9), new("acme/lyon/pump-1/_tele", 3, 2, 3, 9),
                new("acme/lyon/pump-1/_tele/vibration", 4, 1, 1, 7), new("acme/nice", 1, 1, 1, 3), new("acme/nice/pump-2", 2, 1, 1, 3),
                new("acme/nice/pump-2/_event", 3, 1, 1, 3), new("acme/nice/pump-2/_event/stop", 4, 1, 1, 3),
            ],
            book.Read(Acme, null, 16));
        Assert.Equal(["acme", "acme/lyon", "acme/nice"], book.Read(Acme, null, 2).Select(level => level.Topic));
    }

    [Fact]
    public void A_prefix_is_whole_levels()
    {
        var book = Book();
        book.Count("acme/lyon/pump-1/_tele", 1);
        book.Count("acme/lyon/pump-10/_tele", 1);

        Assert.Equal([("acme/lyon/pump-1", 0), ("acme/lyon/pump-1/_tele", 1)], book.Read(Acme, "acme/lyon/pump-1", 16).Select(level => (level.Topic, level.Depth)));
        Assert.Equal(["acme/lyon/pump-1/_tele"], book.Read(Acme, "acme/lyon/pump-1/_tele", 16).Select(level => level.Topic));
        Assert.Empty(book.Read(Acme, "acme/lyon/pump", 16));
    }

    [Fact]
    public void Topics_beyond_the_bound_are_counted_together_and_known_ones_go_on()
    {
        using var listener = new MeterListener();
        long uncounted = 0;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "pilotage.ingest.messages.uncounted")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => uncounted += value);
        listener.Start();
        var book = Book(topicsMax: 2);
        foreach (var topic in new[] { "acme/a/_tele", "acme/b/_tele", "acme/c/_tele", "acme/d/_tele", "acme/a/_tele" })
        {
            book.Count(topic, 1);
        }

        Assert.Equal(3, book.Read(Acme, null, 1).Single().Messages);
        Assert.Equal(2, uncounted);
    }

    private TopicBook Book(int topicsMax = 100) =>
        new(new ServerOptions { DataFolder = _server.Path, TopicsCountedMax = topicsMax }, _server.Get<IMeterFactory>());
}
