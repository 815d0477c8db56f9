using System.Text.RegularExpressions;
using Pilotage.Core;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Values that are no doubles: what was appended comes back, through log, segments and restarts.</summary>
public sealed class TypedSeriesTests
{
    private static readonly SeriesKind[] Kinds = Enum.GetValues<SeriesKind>();
    private static readonly long[] Extremes = [long.MinValue, -1, 0, 1, (1L << 53) + 1, long.MaxValue];
    private readonly StoreFixture _fixture = new();

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task Every_kind_comes_back_late_repeated_and_overwritten_sealed_or_not(int headPointsMax)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var fixture = new StoreFixture();
            var random = new Random(seed);
            var model = new Dictionary<(string, SeriesKind), SortedDictionary<long, SeriesValue>>();
            var arrived = 0;
            var store = fixture.Open(headPointsMax);
            for (var i = 0; i < 200; i++)
            {
                var device = $"d{random.Next(3)}";
                var time = random.Next(150) * Hour;
                var kinds = Kinds.Where(_ => random.Next(4) > 0).ToList();
                var row = kinds.ConvertAll(kind => (Property: $"{kind}", Value: Value(kind, random)));
                if (row.Count > 0)
                {
                    await store.AppendAsync(TypedRow(device, time, [.. row]), null, default);
                    arrived += row.TrueForAll(one => Of(model, device, one.Value.Kind).TryGetValue(time, out var known) && known == one.Value) ? 0 : 1;
                    row.ForEach(one => Of(model, device, one.Value.Kind)[time] = one.Value);
                }

                if (random.Next(40) == 0)
                {
                    await store.DisposeAsync();
                    store = fixture.Open(headPointsMax);
                }
            }

            Check(store, model, arrived);
            await store.DisposeAsync();
            Check(fixture.Open(headPointsMax), model, arrived);
        }
    }

    [Fact]
    public async Task Where_numbers_are_asked_for_truth_is_1_and_0_and_text_is_none()
    {
        var store = _fixture.Open();
        for (var i = 0; i < 50; i++)
        {
            await store.AppendAsync(
                TypedRow("d", i * Hour, ("n", SeriesValue.OfWhole(i)), ("on", SeriesValue.OfTruth(i % 2 == 0)), ("s", SeriesValue.OfText($"t{i}"))), null, default);
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (double)i), All(store, "d", "n").Select(point => point.Value));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => 1.0 - (i % 2)), All(store, "d", "on").Select(point => point.Value));
        Assert.All(All(store, "d", "s"), point => Assert.Equal(double.NaN, point.Value));
        Assert.True(store.TryGetLast(Key("d", "on"), out var last));
        Assert.Equal(new Point(49 * Hour, 0, Quality.Good), last);
        var row = store.Replay(Tenant, [new DeviceId("d")], ["s", "on", "n"], Hour, Hour).Single();
        Assert.Equal([double.NaN, 0, 1], row.Values);
        Assert.Equal(0.5, store.Aggregate(Key("d", "on"), 0, long.MaxValue, null, withEnds: true).Single().Mean);
        Assert.Equal(49, store.Aggregate(Key("d", "n"), 0, long.MaxValue, null, withEnds: true).Single().Max);
        Assert.Empty(store.Aggregate(Key("d", "s"), 0, long.MaxValue, null, withEnds: true));
        Assert.Equal((50, 0), (store.Statistics(Key("d", "s")).Count, store.Statistics(Key("d", "s")).NotFinite));
    }

    [Fact]
    public async Task A_series_keeps_the_kind_it_began_with()
    {
        var store = _fixture.Open();
        await store.AppendAsync(TypedRow("d", Hour, ("s", SeriesValue.OfText("on"))), null, default);
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.AppendAsync(Row("d", 2 * Hour, ("s", 1)), null, default));
        await store.DisposeAsync();

        store = _fixture.Open();
        Assert.Equal(SeriesKind.Text, store.KindOf(Key("d", "s")));
        Assert.Null(store.KindOf(Key("d", "unknown")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.AppendAsync(Row("d", 2 * Hour, ("s", 1), ("p", 1)), null, default));
        Assert.Equal(SeriesValue.OfText("on"), Assert.Single(AllTyped(store, "d", "s")).Value);
        Assert.Empty(All(store, "d", "p"));

        // What was refused has decided nothing.
        await store.AppendAsync(TypedRow("d", Hour, ("p", SeriesValue.OfTruth(true))), null, default);
        Assert.Equal(SeriesKind.Truth, store.KindOf(Key("d", "p")));
    }

    [Fact]
    public async Task Values_are_made_to_fit_where_nothing_is_lost()
    {
        var store = _fixture.Open();
        string[] properties = ["number", "whole", "truth", "text", "json"];
        SeriesValue[] first = [SeriesValue.Of(0.5), SeriesValue.OfWhole(7), SeriesValue.OfTruth(true), SeriesValue.OfText("a"), SeriesValue.OfJson("{}")];
        Assert.All(store.Admit(Tenant, new DeviceId("d"), properties, first), Assert.Null);

        SeriesValue[] fitting = [SeriesValue.OfTruth(true), SeriesValue.Of(-3), SeriesValue.OfWhole(0), SeriesValue.OfText(""), SeriesValue.OfJson("[1]")];
        Assert.All(store.Admit(Tenant, new DeviceId("d"), properties, fitting), Assert.Null);
        Assert.Equal([SeriesValue.Of(1), SeriesValue.OfWhole(-3), SeriesValue.OfTruth(false), SeriesValue.OfText(""), SeriesValue.OfJson("[1]")], fitting);
        var batch = new PointBatch();
        batch.AddRow(Tenant, new DeviceId("d"), Hour, 0, properties, fitting, Quality.Good);
        await store.AppendAsync(batch, null, default);

        SeriesValue[] not = [SeriesValue.OfWhole((1L << 53) + 1), SeriesValue.Of(0.5), SeriesValue.Of(2), SeriesValue.Of(1), SeriesValue.OfText("{}")];
        var reasons = store.Admit(Tenant, new DeviceId("d"), properties, not);
        Assert.All(reasons, why => Assert.Contains("does not fit its series", why, StringComparison.Ordinal));
        Assert.Contains("which holds true and false", reasons[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\ud83d", false, "not Unicode")]
    [InlineData(@"a\udd27", false, "not Unicode")]
    [InlineData(@"\ud83d\ud83d\udd27", false, "not Unicode")]
    [InlineData("{", true, "not JSON")]
    [InlineData("", true, "not JSON")]
    [InlineData("{} {}", true, "not JSON")]
    public async Task What_cannot_be_kept_is_refused_and_decides_nothing(string escaped, bool isJson, string reason)
    {
        // Escaped, because an attribute is UTF-8 and cannot hold half a surrogate pair.
        var text = isJson ? escaped : Regex.Unescape(escaped);
        var store = _fixture.Open();
        SeriesValue[] values = [isJson ? SeriesValue.OfJson(text) : SeriesValue.OfText(text)];
        Assert.Contains(reason, Assert.Single(store.Admit(Tenant, new DeviceId("d"), ["s"], values)), StringComparison.Ordinal);
        Assert.Null(store.KindOf(Key("d", "s")));
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await store.AppendAsync(TypedRow("d", Hour, ("s", values[0])), null, default));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Empty(store.Series(Tenant, null));
    }

    [Theory]
    [InlineData(31, null)]
    [InlineData(32, null)]
    [InlineData(33, "longer than 64 bytes")]
    public void The_length_of_a_text_is_bounded_in_bytes(int letters, string? reason)
    {
        var store = new StoreFixture { Options = new TimeSeriesOptions { TextBytesMax = 64 } }.Open();
        SeriesValue[] values = [SeriesValue.OfText(new string('é', letters))];
        var why = Assert.Single(store.Admit(Tenant, new DeviceId("d"), ["s"], values));
        Assert.Equal(reason is null, why is null);
        Assert.Contains(reason ?? "", why ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Different_texts_count_for_the_size_of_the_head_and_the_same_one_does_not()
    {
        var fixture = new StoreFixture { Options = new TimeSeriesOptions { HeadTextBytesMax = 64 * 1024, MergedSegments = 64 } };
        var store = fixture.Open(headPointsMax: 1_000_000);
        for (var i = 0; i < 100; i++)
        {
            await store.AppendAsync(TypedRow("d", i, ("s", SeriesValue.OfText(new string('x', 4_000)))), null, default);
        }

        Assert.DoesNotContain(fixture.Disk.Root.List(), name => name.StartsWith("segment-", StringComparison.Ordinal));
        for (var i = 100; i < 200; i++)
        {
            await store.AppendAsync(TypedRow("d", i, ("s", SeriesValue.OfText($"{i}" + new string('x', 4_000)))), null, default);
        }

        // About 8 kB of memory each, so the eighth is one too many.
        Assert.InRange(fixture.Disk.Root.List().Count(name => name.StartsWith("segment-", StringComparison.Ordinal)), 11, 13);
        Assert.Equal(200, AllTyped(store, "d", "s").Select(point => point.Value.Text).Count(text => text!.Length >= 4_000));
    }

    [Fact]
    public async Task Long_texts_make_blocks_of_fewer_messages()
    {
        var store = new StoreFixture { Options = new TimeSeriesOptions { TextBytesMax = 64 * 1024 } }.Open(headPointsMax: 400, blockRowsMax: 1024);
        var texts = Enumerable.Range(0, 400).Select(i => new string((char)('a' + (i % 26)), 60_000) + i).ToList();
        for (var i = 0; i < texts.Count; i++)
        {
            await store.AppendAsync(TypedRow("d", i, ("s", SeriesValue.OfText(texts[i]))), null, default);
        }

        Assert.Equal(texts, AllTyped(store, "d", "s").Select(point => point.Value.Text!));
        Assert.Equal(0, store.Damaged);
    }

    private static void Check(
        TimeSeriesStore store, Dictionary<(string, SeriesKind), SortedDictionary<long, SeriesValue>> model, int arrived)
    {
        foreach (var ((device, kind), points) in model)
        {
            Assert.Equal(points.Select(pair => new TypedPoint(pair.Key, pair.Value, Quality.Good)), AllTyped(store, device, $"{kind}"));
            Assert.Equal(points.Select(pair => new Point(pair.Key, pair.Value.Number, Quality.Good)), All(store, device, $"{kind}"));
            Assert.True(store.TryGetLastTyped(Key(device, $"{kind}"), out var last));
            Assert.Equal(points.Last().Value, last.Value);
            Assert.Equal(kind, store.KindOf(Key(device, $"{kind}")));
        }

        DeviceId[] devices = [.. Enumerable.Range(0, 3).Select(i => new DeviceId($"d{i}"))];
        Assert.Equal(arrived, store.ReplayTyped(Tenant, devices, [.. Kinds.Select(kind => $"{kind}")], long.MinValue, long.MaxValue).Count());
        Assert.Equal(0, store.Damaged);
    }

    private static SortedDictionary<long, SeriesValue> Of(
        Dictionary<(string, SeriesKind), SortedDictionary<long, SeriesValue>> model, string device, SeriesKind kind)
    {
        if (!model.TryGetValue((device, kind), out var points))
        {
            model[(device, kind)] = points = [];
        }

        return points;
    }

    private static SeriesValue Value(SeriesKind kind, Random random) => kind switch
    {
        SeriesKind.Number => SeriesValue.Of(random.Next(4) == 0 ? double.NegativeInfinity : Math.Round(random.NextDouble(), 1)),
        SeriesKind.Whole => SeriesValue.OfWhole(Extremes[random.Next(Extremes.Length)]),
        SeriesKind.Truth => SeriesValue.OfTruth(random.Next(2) == 0),
        SeriesKind.Text => SeriesValue.OfText(random.Next(4) == 0 ? $"{random.Next()}" : new string('ü', random.Next(3))),
        _ => SeriesValue.OfJson($"{{\"code\":{random.Next(3)}}}"),
    };
}
