using System.Globalization;
using System.Text;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class PlainTelemetryTests
{
    private static readonly long Now = Clock.ToNs(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));
    private static readonly string[] Names = ["ts", "values", "a", "b", "temp", "x", "n", "seq", "é", "a b", "\\u0061"];

    [Theory]
    [InlineData("{\"ts\":1700000000000,\"values\":{\"a\":1.5,\"b\":true}}")]
    [InlineData("{\"values\":{\"a\":1.5,\"b\":true},\"ts\":1700000000000}")]
    [InlineData(" { \"ts\" : \"2023-11-14T22:13:20Z\" , \"a\":1.5,\"b\":true } ")]
    [InlineData("{\"seq\":7,\"x\":\"text\",\"gone\":null,\"ts\":1700000000000,\"values\":{\"a\":1.5,\"b\":true},\"more\":1}")]
    public void Takes_what_devices_send(string json)
    {
        var layout = TelemetryLayout.Empty;
        Assert.True(PlainTelemetry.TryRead(Encoding.UTF8.GetBytes(json), Now, ref layout, out var timeNs, out var values));
        Assert.Equal(1_700_000_000_000_000_000, timeNs);
        Assert.Equal(["a", "b"], layout.Properties);
        Assert.Equal([1.5, 1.0], values.ToArray());
        Assert.Equal([SeriesKind.Number, SeriesKind.Truth], layout.Kinds);
    }

    [Theory]
    [InlineData("{\"a\":\"on\"}")]
    [InlineData("{\"a\":null}")]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"x\":\"\",\"x\":\"\",\"values\":{\"a\":1}}")]
    [InlineData("{\"values\":{\"a\":1},\"values\":{\"a\":1}}")]
    [InlineData("{\"values\":{\"a\":1,\"deep\":{}}}")]
    [InlineData("{\"deep\":{\"a\":1},\"values\":{\"a\":1}}")]
    [InlineData("{\"n\":1,\"v\":2}")]
    [InlineData("{\"\\u0061\":1}")]
    [InlineData("{\"a\":1e999}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"ts\":1,\"a\":1}")]
    [InlineData("[{\"a\":1}]")]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("")]
    public void Leaves_the_rest_to_the_whole_reader(string json)
    {
        var layout = TelemetryLayout.Empty;
        Assert.False(PlainTelemetry.TryRead(Encoding.UTF8.GetBytes(json), Now, ref layout, out _, out _));
        Assert.Same(TelemetryLayout.Empty, layout);
    }

    [Fact]
    public void A_topic_whose_names_stay_costs_no_memory()
    {
        var json = "{\"ts\":1700000000000,\"values\":{\"seq\":1000000000,\"temp\":20.37,\"vib\":0.113,\"amps\":3.50,\"rpm\":1480},\"x\":\"abc\"}"u8.ToArray();
        var layout = TelemetryLayout.Empty;
        Assert.True(PlainTelemetry.TryRead(json, Now, ref layout, out _, out _));
        var first = layout;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            PlainTelemetry.TryRead(json, Now, ref layout, out _, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Same(first, layout);
    }

    [Fact]
    public void What_it_takes_the_whole_reader_reads_the_same_way()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var layout = TelemetryLayout.Empty;
        var taken = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var json = Encoding.UTF8.GetBytes(Message(random));
            if (random.Next(4) == 0)
            {
                json[random.Next(json.Length)] = (byte)random.Next(256);
            }

            if (!PlainTelemetry.TryRead(json, Now, ref layout, out var timeNs, out var values))
            {
                continue;
            }

            taken++;
            var whole = TelemetryReader.Read(json, "", Now);
            var about = $"seed {seed}, message {i}: {Encoding.UTF8.GetString(json)}";
            Assert.True(whole.Fault is null && whole.Rows.Count == 1, about);
            Assert.True(whole.Rows[0].TimeNs == timeNs && whole.Rows[0].Properties.SequenceEqual(layout.Properties), about);
            Assert.True(whole.Rows[0].Values.Select(value => value.Kind).SequenceEqual(layout.Kinds), about);
            Assert.True(whole.Rows[0].Values.Select(value => BitConverter.DoubleToInt64Bits(value.Number)).SequenceEqual(values.ToArray().Select(BitConverter.DoubleToInt64Bits)), about);
        }

        Assert.InRange(taken, 2_000, 18_000);
    }

    private static string Message(Random random)
    {
        var members = Enumerable.Range(0, random.Next(5)).Select(_ => $"\"{Names[random.Next(2, Names.Length)]}\":{Value(random)}").ToList();
        if (random.Next(3) > 0)
        {
            var inner = Enumerable.Range(0, random.Next(1, 4)).Select(i => $"\"{(random.Next(9) == 0 ? Names[random.Next(Names.Length)] : Names[i + 2])}\":{Value(random)}");
            members.Insert(random.Next(members.Count + 1), $"\"values\":{{{string.Join(',', inner)}}}");
        }

        if (random.Next(3) > 0)
        {
            var time = random.Next(4) == 0 ? "\"2023-11-14t23:13:20.123456789+01:00\"" : (1_700_000_000_000 + random.Next()).ToString(CultureInfo.InvariantCulture);
            members.Insert(random.Next(members.Count + 1), $"\"ts\":{time}");
        }

        return $"{{{string.Join(',', members)}}}";
    }

    private static string Value(Random random) => random.Next(12) switch
    {
        0 => "true",
        1 => "false",
        2 => "null",
        3 => "\"text\"",
        4 => "{\"x\":[1]}",
        5 => "-0.0",
        6 => "5e-324",
        _ => (random.NextDouble() * 100).ToString("R", CultureInfo.InvariantCulture),
    };
}
