using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>A folder that the first version of the store left behind is read for ever: two segments, a manifest and a head.</summary>
public sealed class OldFormatTests
{
    private const string Prefix = "Format1/";
    private readonly StoreFixture _fixture = new();

    public OldFormatTests()
    {
        var resources = typeof(OldFormatTests).Assembly;
        foreach (var name in resources.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var source = new MemoryStream();
            using var resource = resources.GetManifestResourceStream(name)!;
            resource.CopyTo(source);
            using var file = _fixture.Disk.Root.Open(name[Prefix.Length..], DurableOpen.CreateNew);
            file.Write(0, source.ToArray());
            file.Sync();
        }

        _fixture.Disk.Root.Sync();
    }

    [Fact]
    public async Task It_opens_and_goes_on_with_numbers_and_with_what_is_new()
    {
        var store = _fixture.Open();
        Check(store, 120);
        Assert.Equal(119, store.HighWater("edge", "log"));

        // What was a number stays one, true and false too.
        SeriesValue[] values = [SeriesValue.Of(12), SeriesValue.OfTruth(true), SeriesValue.OfText("idle")];
        Assert.All(store.Admit(Tenant, new DeviceId("d"), ["a", "on", "state"], values), Assert.Null);
        Assert.Equal(SeriesKind.Number, values[1].Kind);
        for (var i = 120; i < 240; i++)
        {
            await store.AppendAsync(TypedRow("d", i * Hour, ("a", SeriesValue.Of(i / 10.0)), ("on", values[1]), ("state", values[2])), null, default);
        }

        await store.DisposeAsync();
        store = _fixture.Open();
        Check(store, 240);
        Assert.Equal(120, AllTyped(store, "d", "state").Count(point => point.Value.Text == "idle"));
    }

    private static void Check(TimeSeriesStore store, int count)
    {
        Assert.Equal(0, store.Damaged);
        var points = All(store, "d", "a");
        Assert.Equal(count, points.Count);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(i == 7 ? double.NaN : i == 20 ? 77.5 : i / 10.0, points[i].Value);
            Assert.Equal(i == 9 ? Quality.Bad : i == 20 ? Quality.Uncertain : Quality.Good, points[i].Quality);
        }

        Assert.Equal(Enumerable.Range(0, 120).Select(i => i % 3 == 0 ? 1.0 : 0), All(store, "d", "on").Take(120).Select(point => point.Value));
        Assert.Equal(1, store.Statistics(Key("d", "a")).Overwritten);
    }
}
