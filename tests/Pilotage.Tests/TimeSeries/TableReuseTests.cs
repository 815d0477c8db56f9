using Pilotage.Core;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Pilotage.TimeSeries.Head;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Memory of a head that was sealed is used again, and nobody who still reads it notices.</summary>
public sealed class TableReuseTests
{
    private static readonly string[] Properties = ["p", "q"];
    private static readonly Shape Pump = new DeviceSeries(new TenantId("acme"), new DeviceId("pump")).Add(1, Properties, [])!;

    [Fact]
    public async Task Who_reads_a_head_goes_on_reading_what_it_held()
    {
        var store = new StoreFixture().Open(headPointsMax: 100);
        await AppendAsync(0, 70);
        using var reading = store.Read(Key("d", "p"), long.MinValue, long.MaxValue).GetEnumerator();
        Assert.True(reading.MoveNext());
        await AppendAsync(70, 600);
        var read = new List<double> { reading.Current.Value };
        while (reading.MoveNext())
        {
            read.Add(reading.Current.Value);
        }

        Assert.Equal(Enumerable.Range(0, 70).Select(i => (double)i), read);
        Assert.Equal(Enumerable.Range(0, 600).Select(i => (double)i), All(store, "d", "p").Select(point => point.Value));

        async Task AppendAsync(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                await store.AppendAsync(Row("d", i * Hour, ("p", i)), null, default);
            }
        }
    }

    [Fact]
    public void A_table_begins_anew_only_where_nobody_reads_it_and_it_was_needed()
    {
        var head = new HeadTables();
        var sealedOnly = Filled(100);
        sealedOnly.ToSeal();
        Assert.True(sealedOnly.TryBeginAnew(head));
        Assert.Same(head, sealedOnly.Head);
        Assert.Equal(0, sealedOnly.Count);
        Fill(sealedOnly, 3);
        Assert.False(sealedOnly.TryBeginAnew(head));

        var isRead = Filled(100);
        isRead.Snapshot();
        Assert.False(isRead.TryBeginAnew(head));
    }

    /// <summary>What comes out of a table in its later lives is what comes out of one that was made for it.</summary>
    [Fact]
    public void Later_lives_of_a_table_are_like_the_first()
    {
        foreach (var seed in TestSize.Cases(40, 2_000))
        {
            var random = new Random(seed);
            var used = new RowTable(Pump, new HeadTables());
            for (var life = 0; life < 5; life++)
            {
                var made = new RowTable(Pump, new HeadTables());
                for (var i = random.Next(1, 300); i > 0; i--)
                {
                    long[] values = [random.NextInt64(), random.NextInt64()];
                    Quality[] qualities = [random.Next(life + 2) == 0 ? Quality.Bad : Quality.Good, Quality.Good];
                    var (timeNs, arrival) = (random.NextInt64(100), random.NextInt64());
                    made.Add(timeNs, 1, 2, arrival, values, qualities, []);
                    used.Add(timeNs, 1, 2, arrival, values, qualities, []);
                }

                var (expected, actual) = (made.ToSeal(), used.ToSeal());
                Assert.Equal(Rows(expected), Rows(actual));
                Assert.Equal((expected.Span, expected.IsRising), (actual.Span, actual.IsRising));
                Assert.All(Enumerable.Range(0, 100), time => Assert.Equal((made.TryFind(time, out var row), made.Count > 0 ? row : 0), (used.TryFind(time, out var other), used.Count > 0 ? other : 0)));
                if (!used.TryBeginAnew(new HeadTables()))
                {
                    used = new RowTable(Pump, new HeadTables());
                }
            }
        }
    }

    private static IEnumerable<(long, long, long, Quality, Quality)> Rows(RowSpan rows) => Enumerable.Range(0, rows.Count)
        .Select(row => (rows.Times[row], rows.Bits(row, 0), rows.Bits(row, 1), rows.QualityOf(row, 0), rows.QualityOf(row, 1)));

    private static RowTable Filled(int rows)
    {
        var table = new RowTable(Pump, new HeadTables());
        Fill(table, rows);
        return table;
    }

    private static void Fill(RowTable table, int rows)
    {
        for (var i = 0; i < rows; i++)
        {
            table.Add(i, i, i, i, [i, -i], [Quality.Good, Quality.Good], []);
        }
    }
}
