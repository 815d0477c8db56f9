using System.Globalization;
using Pilotage.Core;
using Pilotage.Server.Fabric.Prometheus.Evaluation;
using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Prometheus;

/// <summary>Queries over random data, beside an evaluator that looks at every point for every time.</summary>
public sealed class PromEvaluatorTests : IAsyncLifetime
{
    private const long Second = PlainPrometheus.Second;
    private const long Start = 1_767_225_600 * Second;
    private const int Seconds = 4_000;
    private static readonly TenantId Acme = StoreFixture.Tenant;
    private static readonly string[] Properties = ["load", "motor.speed", "count"];
    private readonly TestServerFolder _server = new();
    private readonly StoreFixture _fixture = new();
    private readonly TimeSeriesStore _store;
    private readonly Random _random = new(TestSize.Seed);
    private PlainPrometheus _plain = new([]);

    public PromEvaluatorTests() => _store = _fixture.Open();

    private PromCatalogue Catalogue => new(_server.Get<IFleet>(), _store);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/hall/pump-1", "pump") { Id = new DeviceId("p1") },
            new DeviceDeclaration("acme/lyon/yard/pump-2", "pump") { Id = new DeviceId("p2") },
            new DeviceDeclaration("acme/nancy/fan-1", "fan") { Id = new DeviceId("f1") },
            new DeviceDeclaration("acme/nancy/fan-2", "fan") { Id = new DeviceId("f2") }]);
        var all = new List<PlainPrometheus.Series>();
        foreach (var device in _server.Get<IFleet>().List(Acme, new DeviceQuery()))
        {
            foreach (var property in Properties.Where(_ => _random.Next(5) > 0))
            {
                var levels = device.Path.Split('/');
                var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    ["__name__"] = property, ["device"] = device.Id.Value, ["path"] = device.Path, ["thing"] = device.Thing, ["level1"] = levels[1],
                };
                if (levels.Length == 4)
                {
                    labels["level2"] = levels[2];
                }

                all.Add(new PlainPrometheus.Series(labels, await StoreAsync(new SeriesKey(Acme, device.Id, property))));
            }
        }

        _plain = new PlainPrometheus(all);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Answers_are_those_of_looking_at_every_point()
    {
        var (compared, answered) = (0, 0);
        for (var run = 0; run < TestSize.Count(400, 20_000); run++)
        {
            var text = Query(2);
            if (!PromParser.Read(text).TryGet(out var expression, out var refusal))
            {
                Assert.Fail($"{text}: {refusal.Message}");
            }

            // From before the first point to after the last, also between whole seconds.
            var count = _random.Next(3) == 0 ? 1 : _random.Next(2, 60);
            var grid = new StepGrid(Start + (_random.Next(-500, Seconds + 500) * Second) + (_random.Next(2) * (Second / 3)), (1 + _random.Next(200)) * Second, count);
            var evaluated = new PromEvaluator(Catalogue, _store, _server.Get<RollUps>(), Acme, grid, default).Vector(expression);
            if (!evaluated.IsOk)
            {
                Assert.Equal("fabric.query.ambiguous", evaluated.Refusal.Code);
                continue;
            }

            for (var step = 0; step < count; step++)
            {
                var expected = _plain.At(expression, grid.TimeAt(step));
                var actual = evaluated.Value.Where(one => one.Values[step] is not null)
                    .ToDictionary(one => string.Join(',', one.Labels.Labels.Select(label => $"{label.Name}={label.Value}")), one => one.Values[step]!.Value, StringComparer.Ordinal);
                Assert.True(Same(expected, actual), $"seed {TestSize.Seed}, {text} at step {step} of {grid}:\n{Shown(expected)}\n{Shown(actual)}");
                compared += expected.Count;
            }

            answered++;
        }

        Assert.True(compared > 3_000 && answered > 300, $"{compared} values of {answered} queries");
    }

    [Fact]
    public async Task A_long_window_is_answered_by_what_was_summed_up_when_it_was_written()
    {
        // Two years of minutes; one query of all of it reads blocks' sums, and comes to the same as their points.
        var batch = new PointBatch();
        const int Minutes = 20_000;
        for (var minute = 0; minute < Minutes; minute++)
        {
            batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "long"), Start + (minute * 60 * Second), minute, Quality.Good, 0);
        }

        await _store.AppendAsync(batch, null, default);
        foreach (var (query, expected) in new[] { ("sum_over_time(long[3w])", Minutes * (Minutes - 1.0) / 2), ("count_over_time(long[3w])", Minutes), ("max_over_time(long[3w])", Minutes - 1), ("last_over_time(long[3w])", Minutes - 1) })
        {
            var series = new PromEvaluator(Catalogue, _store, _server.Get<RollUps>(), Acme, StepGrid.Once(Start + (Minutes * 60 * Second)), default).Vector(PromParser.Read(query).Value).Value;
            Assert.Equal(expected, Assert.Single(series).Values[0]);
        }
    }

    [Fact]
    public void What_costs_too_much_is_refused_with_the_estimate_and_nobody_is_kept_waiting()
    {
        var expression = PromParser.Read("avg_over_time({__name__!=\"\"}[1h])").Value;

        // In the middle, where every series has points: the first that is read is too much.
        var grid = new StepGrid(Start + (Seconds / 2 * Second), Second, 100);
        var refusal = new PromEvaluator(Catalogue, _store, _server.Get<RollUps>(), Acme, grid, default) { PointsMax = 1 }.Vector(expression).Refusal;
        Assert.Equal("fabric.query.cost", refusal.Code);
        Assert.Contains("points; 1 are the most", refusal.Message, StringComparison.Ordinal);
        refusal = Catalogue.Find(Acme, [LabelMatcher.Of("__name__", "!=", "", 0).Value], 3, default).Refusal;
        Assert.Contains("finds more than 3 series", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => new PromEvaluator(Catalogue, _store, _server.Get<RollUps>(), Acme, grid, new CancellationToken(canceled: true)).Vector(expression));
    }

    /// <summary>Points out of order, some twice, some bad, some no number; those that count.</summary>
    private async Task<IReadOnlyList<Point>> StoreAsync(SeriesKey key)
    {
        var stored = new SortedDictionary<long, Point>();
        var (counter, usual) = (0.0, 1 + _random.Next(40));
        var times = new List<long>();
        for (var second = _random.Next(300); second < Seconds; second += 1 + _random.Next(usual * 2) + (_random.Next(60) == 0 ? 900 : 0))
        {
            times.Add(Start + (second * Second) + (_random.Next(3) == 0 ? _random.Next(1_000_000_000) : 0));
        }

        foreach (var time in times.OrderBy(time => time + (_random.Next(10) == 0 ? _random.Next(-600, 600) * Second : 0)).SelectMany(time => Enumerable.Repeat(time, _random.Next(10) == 0 ? 2 : 1)))
        {
            counter = _random.Next(15) == 0 ? 0 : counter + _random.Next(10);
            var value = key.Property == "count" ? counter : _random.Next(30) == 0 ? double.NaN : Math.Round((_random.NextDouble() * 200) - 100, 2);
            var quality = _random.Next(20) switch { 0 => Quality.Bad, 1 => Quality.Uncertain, _ => Quality.Good };
            stored[time] = new Point(time, value, quality);
            var batch = new PointBatch();
            batch.Add(key, time, value, quality, 0);
            await _store.AppendAsync(batch, null, default);
        }

        return [.. stored.Values.Where(point => double.IsFinite(point.Value) && point.Quality != Quality.Bad)];
    }

    private string Query(int depth) => _random.Next(depth == 0 ? 2 : 5) switch
    {
        0 => $"{Selector()}{Offset()}",
        1 => $"{Pick("avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time", "rate", "increase", "delta")}({Selector()}[{Pick("7s", "1m", "5m", "17m30s", "2h")}]{Offset()})",
        2 => $"{Pick("sum", "avg", "min", "max", "count")}{Pick("", " by (device)", " by (thing, level1)", " without (device, path)", " by (nothing)", " without (level2)")} ({Query(depth - 1)})",
        3 => $"{Pick("topk", "bottomk")}({_random.Next(4)}, {Query(depth - 1)}){Pick("", " by (thing)", " without (device, path, __name__)")}",
        _ => _random.Next(2) == 0 ? $"{Query(depth - 1)} {Pick("+", "-", "*", "/")} {Number()}" : $"{Number()} {Pick("+", "-", "*")} ({Query(depth - 1)})",
    };

    private string Selector() => Pick(
        "load", "count", "{__name__=\"motor.speed\"}", "load{thing=\"pump\"}", "load{device!=\"p1\"}", "count{path=~\"acme/lyon/.*\"}", "load{level2=\"\"}", "load{level1!~\"n.*y\",thing=~\"pump|fan\"}", "{device=\"p1\"}", "nothing",
        "{__name__=~\"load|count\",device=\"f1\"}");

    private string Offset() => Pick("", "", "", " offset 90s", " offset -2m");

    private string Number() => (_random.Next(-20, 20) / 4.0 is var number && number == 0 ? 3 : number).ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] words) => words[_random.Next(words.Length)];

    private static bool Same(Dictionary<string, double> expected, Dictionary<string, double> actual) =>
        expected.Count == actual.Count && expected.All(one => actual.TryGetValue(one.Key, out var value) && Near(one.Value, value));

    private static bool Near(double expected, double actual) => expected.Equals(actual) || Math.Abs(expected - actual) <= 1e-9 * Math.Max(1, Math.Abs(expected));

    private static string Shown(Dictionary<string, double> vector) => string.Join("; ", vector.Select(one => $"{one.Key} = {one.Value}"));
}
