using System.Text;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>CSV as telemetry of one device.</summary>
public sealed class CsvTelemetryTests
{
    private const long NowNs = 1_800_000_000_000_000_000;

    [Theory]
    [InlineData("ts,a,b\n1700000000000,1.5,true\n", "0:a=1.5,b=true")]
    [InlineData("ts,a\r\n2023-11-14T22:13:20.000000001Z,-1e3\r\n", "1:a=-1000")]
    [InlineData("a,time\n1,1700000000000\n", "0:a=1")]
    [InlineData("time,ts\n1,1700000000000\n", "0:time=1")]
    [InlineData("timestamp,a\n1700000000000,x\n1700000000001,7\n", "0:a=x 1000000:a=7")]
    [InlineData("ts,a,b\n1700000000000,,2\n1700000000001,1,\n\n1700000000002,,\n", "0:b=2 1000000:a=1")]
    [InlineData("ts,a,b\n,,\n1700000000000,1,2\n\"\",\"\",\"\"\n", "0:a=1,b=2")]
    [InlineData("ts,a\n1700000000000,\"say \"\"hi\"\", now\"\n", "0:a=say \"hi\", now")]
    public void Rows_are_read_with_the_kind_that_each_column_begins_with(string csv, string expected)
    {
        var faults = new ReadingFaults();
        var rows = CsvTelemetry.Read(Encoding.UTF8.GetBytes(csv), NowNs, faults);
        Assert.Null(faults.Words());
        Assert.Equal(expected, string.Join(' ', rows.Select(row => $"{row.TimeNs - 1_700_000_000_000_000_000}:{string.Join(',', row.Properties.Zip(row.Values, (name, value) => $"{name}={value}"))}")));
    }

    [Theory]
    [InlineData("ts,a\n1700000000000,1\n1700000000001,fast\n1700000000002,true\n", "line 3, a|line 4, a", "\"fast\" is text, and the column began with a number")]
    [InlineData("ts,a\noops,1\n,2\n1700000000,3\n", "line 2, ts|line 3, ts|line 4, ts", "ts is neither RFC 3339 text nor a whole number of milliseconds")]
    [InlineData("ts,a\n1700000000000,NaN\n1700000000000,1e999\n", "line 2, a|line 3, a", "leave the cell empty")]
    [InlineData("ts,a\n1700000000000\n1700000000001,1,2\n", "line 2|line 3", "another number of cells")]
    [InlineData("ts,a\n1700000000000,x\"y\n1700000000001,\"x\"y\n1700000000002,\"x\n", "line 2|line 3|line 4", "inside a cell")]
    [InlineData("a,b\n1,2\n", "line 1", "there is no column of times")]
    [InlineData("ts,a b,a,a\n1,2,3,4\n", "line 1|line 1", "\"a b\" cannot be the name of a property")]
    [InlineData("ts,a\n", "", "there is no row with a value in it")]
    [InlineData("", "line 1", "there is no column of times")]
    [InlineData("ts,a\n,\n", "", "there is no row with a value in it")]
    [InlineData("ts,a\n1700000000000,\n", "", "there is no row with a value in it")]
    public void Faults_are_named_by_line_and_column(string csv, string where, string says)
    {
        var faults = new ReadingFaults();
        CsvTelemetry.Read(Encoding.UTF8.GetBytes(csv), NowNs, faults);
        Assert.Equal(where, string.Join('|', faults.Kept.Select(fault => fault.Where)));
        Assert.Contains(says, faults.Kept[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_the_same_columns_share_one_list_of_names()
    {
        var rows = CsvTelemetry.Read("ts,a,b\n1700000000000,1,2\n1700000000001,3,4\n"u8.ToArray(), NowNs, new ReadingFaults());
        Assert.Same(rows[0].Properties, rows[1].Properties);
    }

    [Fact]
    public void A_row_without_end_and_too_many_columns_are_refused()
    {
        var faults = new ReadingFaults();
        CsvTelemetry.Read(Encoding.UTF8.GetBytes("ts,a\n1700000000000,\"" + new string('x', 3_000_000)), NowNs, faults);
        Assert.NotEqual(0, faults.Count);
        faults = new ReadingFaults();
        CsvTelemetry.Read(Encoding.UTF8.GetBytes("ts," + string.Join(',', Enumerable.Range(0, 1_025).Select(i => $"a{i}")) + "\n"), NowNs, faults);
        Assert.Contains("more than 1024 columns", faults.Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_no_text()
    {
        var faults = new ReadingFaults();
        CsvTelemetry.Read((byte[])[.. "ts,a\n1700000000000,x"u8, 0xFF, .. "\n"u8], NowNs, faults);
        Assert.Equal("line 2, a: the cell is not UTF-8", faults.Words());
        CsvTelemetry.Read((byte[])[.. "ts,a"u8, 0xFF, .. "\n1,2\n"u8], NowNs, faults = new ReadingFaults());
        Assert.Contains("cannot be the name of a property", faults.Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_comes_is_read_or_refused_and_never_thrown()
    {
        var random = new Random(4711);
        var seed = "ts,a,\"b\"\r\n1700000000000,1.5,\"x, \"\"y\"\"\"\r\n2023-11-14T22:13:20Z,,true\r\n"u8.ToArray();
        for (var run = 0; run < 20_000; run++)
        {
            var bytes = seed.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : "\",\r\n\0\uFEFF;e"u8[random.Next(9)];
            }

            var faults = new ReadingFaults();
            var rows = CsvTelemetry.Read(bytes.AsMemory(0, random.Next(bytes.Length + 1)), NowNs, faults);
            Assert.True(rows.Count > 0 || faults.Count > 0, $"run {run}");
            Assert.All(rows, row => Assert.All(row.Values, value => Assert.True(value.Kind != SeriesKind.Number || double.IsFinite(value.Number))));
        }
    }
}
