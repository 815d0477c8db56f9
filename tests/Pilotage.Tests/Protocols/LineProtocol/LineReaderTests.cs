using System.Globalization;
using System.Text;
using Pilotage.Protocols;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Protocols.LineProtocol;

public sealed class LineReaderTests
{
    private const long AllocationMax = 128 * 1024;
    private static readonly int Rounds = TestSize.Count(500_000, 10_000_000);

    [Theory]
    [InlineData("pump,device=p1 temp=21.5 1700000000000000000", "pump[device=p1] temp=21.5 @1700000000000000000")]
    [InlineData("pump temp=21.5", "pump[] temp=21.5 @")]
    [InlineData("pump a=1,b=2i,c=3u,d=t,e=F,f=\"x\"", "pump[] a=1,b=2i,c=3i,d=True,e=False,f='x' @")]
    [InlineData("pump a=-1.5e+3,b=-7i,c=.5,d=1.", "pump[] a=-1500,b=-7i,c=0.5,d=1 @")]
    [InlineData("pump a=true,b=True,c=TRUE,d=T,e=false,f=False,g=FALSE,h=f", "pump[] a=True,b=True,c=True,d=True,e=False,f=False,g=False,h=False @")]
    [InlineData("my\\ pump\\,x,tag\\ a\\=b=v\\,\\ \\= field\\ c=1", "my pump,x[tag a=b=v, =] field c=1 @")]
    [InlineData("pu\\mp,a=b\\c d\\e=1", "pu\\mp[a=b\\c] d\\e=1 @")]
    [InlineData("pump s=\"a \\\"b\\\" \\\\ c\\n, = d\"", "pump[] s='a \"b\" \\ c\\n, = d' @")]
    [InlineData("pump s=\"one\ntwo\",a=1 5", "pump[] s='one\ntwo',a=1 @5")]
    [InlineData("pump a=1 -5", "pump[] a=1 @-5")]
    [InlineData("  pump  a=1  5  ", "pump[] a=1 @5")]
    [InlineData("pump a=1 5\r\n", "pump[] a=1 @5")]
    [InlineData("pump,t=x a=1\r\n", "pump[t=x] a=1 @")]
    [InlineData("température,lieu=Orléans °C=21", "température[lieu=Orléans] °C=21 @")]
    [InlineData("pump a=9223372036854775807i,b=-9223372036854775808i", "pump[] a=9223372036854775807i,b=-9223372036854775808i @")]
    public void Reads_what_the_protocol_allows(string text, string shown) => Assert.Equal([shown], Read(text));

    [Fact]
    public void Passes_over_comments_and_empty_lines_and_counts_them()
    {
        Assert.Equal(["a[] x=1 @", "b[] x=2 @"], Read("# first\n\n  \na x=1\n\t\n # more\r\nb x=2\n"));
        var reader = new LineReader("# first\n\na x=1\nb s=\"1\n2\"\nc x=3"u8, LinePrecision.Nanoseconds);
        Assert.True(reader.Read() && reader.Point!.Value.Line == 3);
        Assert.True(reader.Read() && reader.Point!.Value.Line == 4);
        Assert.True(reader.Read() && reader.Point!.Value.Line == 6);
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData(LinePrecision.Seconds, 1_700_000_000)]
    [InlineData(LinePrecision.Milliseconds, 1_700_000_000_000)]
    [InlineData(LinePrecision.Microseconds, 1_700_000_000_000_000)]
    [InlineData(LinePrecision.Nanoseconds, 1_700_000_000_000_000_000)]
    public void A_timestamp_counts_what_precision_says(LinePrecision precision, long count) =>
        Assert.Equal(["a[] x=1 @1700000000000000000"], Read($"a x=1 {count}", precision));

    [Theory]
    [InlineData("pump", "column 5: a field is missing")]
    [InlineData("pump,device=p1", "column 15: a field is missing")]
    [InlineData("pump ", "column 6: a field is missing")]
    [InlineData(",a=b x=1", "column 1: the measurement is missing")]
    [InlineData("pump, x=1", "column 6: the tag key is missing")]
    [InlineData("pump,a x=1", "column 7: the tag \"a\" has no =")]
    [InlineData("pump,a= x=1", "column 8: the tag value is missing")]
    [InlineData("pump,a=b=c x=1", "column 9: an = in the value of the tag \"a\"")]
    [InlineData("pump,a=1,a=2 x=1", "column 10: the tag \"a\" stands twice")]
    [InlineData("pump x", "column 7: the field \"x\" has no =")]
    [InlineData("pump x=", "column 8: the field \"x\" has no value")]
    [InlineData("pump x=,y=1", "column 8: the field \"x\" has no value")]
    [InlineData("pump x=1,", "column 10: a field is missing")]
    [InlineData("pump x=on", "column 8: \"on\" is no value")]
    [InlineData("pump x=NaN", "column 8: \"NaN\" is no value")]
    [InlineData("pump x=Infinity", "column 8: \"Infinity\" is no value")]
    [InlineData("pump x=1e999", "column 8: \"1e999\" is too large")]
    [InlineData("pump x=1.5i", "column 8: \"1.5i\" is no whole number of 64 bits")]
    [InlineData("pump x=9223372036854775808i", "column 8: \"9223372036854775808i\" is no whole number")]
    [InlineData("pump x=18446744073709551615u", "column 8: \"18446744073709551615u\" is no whole number")]
    [InlineData("pump x=-1u", "column 8: \"-1u\" is no whole number")]
    [InlineData("pump x=i", "column 8: \"i\" is no whole number")]
    [InlineData("pump x=\"a\"b", "column 11: something stands behind the text")]
    [InlineData("pump x=1 soon", "column 10: the timestamp \"soon\" is no whole number")]
    [InlineData("pump x=1 1.5", "column 10: the timestamp \"1.5\"")]
    [InlineData("pump x=1 5 6", "column 12: something stands behind the timestamp")]
    public void A_line_that_cannot_be_read_says_where_and_why_and_costs_itself_alone(string text, string says)
    {
        var read = Read($"before x=1\n{text}\nafter x=2");
        Assert.Equal(3, read.Count);
        Assert.Equal(("before[] x=1 @", "after[] x=2 @"), (read[0], read[2]));
        Assert.StartsWith($"line 2, {says}", read[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_stands_in_a_text_is_never_taken_for_a_line()
    {
        var read = Read("a s=\"\nevil x=1\n\",y=oops\nb x=2");
        Assert.Equal(["lines 1 to 3, column 5: \"oops\" is no value; texts stand in quotation marks, whole numbers end in i", "b[] x=2 @"], read);
        Assert.Equal(["a[] x=1 @", "line 2, column 5: the text that begins here is not closed, so all that follows is lost"], Read("a x=1\nb s=\"\nevil x=1\n"));
    }

    /// <summary>The fast paths know what stood in lines before; a line alone has only the slow one.</summary>
    [Fact]
    public void A_line_reads_the_same_after_others_as_alone()
    {
        var random = new Random(TestSize.Seed);
        string[] series = ["pump,device=p1", "pump,device=p2", "pump", "my\\ pump,a=b", "pump,device=p1,x=y", "pump,device"];
        string[] keys = ["a", "b", "ab", "a\\ b", "°C", "c"];
        string[] values =
        [
            "1", "-1", "0", "-0", "1.5", "-0.001", "123456789012345", "1234567890123456", "0.1234567890123456", "1.", ".5", "-.5", ".", "-", "+1", "1e3", "1.2.3", "--1", "7i", "t",
            "\"x, y=1 \"", "\"\"", "", "00012.500", "99999999999999.9", "1.7976931348623157e308", "4.35", "0.000000000000001",
        ];
        for (var round = 0; round < 2_000; round++)
        {
            var lines = Enumerable.Range(0, 12).Select(_ =>
            {
                var fields = Enumerable.Range(0, random.Next(1, 4)).Select(at => $"{keys[random.Next(3) == 0 ? random.Next(keys.Length) : at]}={values[random.Next(values.Length)]}");
                return $"{series[random.Next(series.Length)]} {string.Join(',', fields)}{(random.Next(3) == 0 ? " 5" : "")}{(random.Next(5) == 0 ? "\r" : "")}";
            }).ToList();
            var alone = lines.Select(line => Assert.Single(Read(line + "\n")).Replace("line 1,", "", StringComparison.Ordinal)).ToList();
            var together = Read(string.Join('\n', lines) + "\n");
            Assert.Equal(alone, together.Select((text, at) => text.Replace($"line {at + 1},", "", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Short_decimals_are_the_doubles_that_a_parser_finds()
    {
        var random = new Random(TestSize.Seed);
        for (var round = 0; round < 20_000; round++)
        {
            var digits = random.Next(1, 17);
            var text = string.Concat(Enumerable.Range(0, digits).Select(_ => (char)('0' + random.Next(10)))).Insert(random.Next(digits + 1), ".");
            text = random.Next(2) == 0 ? $"-{text}" : text;
            var reader = new LineReader(Encoding.UTF8.GetBytes($"a x={text}\na x={text}"), LinePrecision.Nanoseconds);
            var wanted = BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture));
            for (var line = 0; line < 2; line++)
            {
                Assert.True(reader.Read() && reader.Point is not null, text);
                Assert.Equal(wanted, BitConverter.DoubleToInt64Bits(reader.Point.Value.Values[0].Number));
            }
        }
    }

    /// <summary>Whatever was read before, a text reads as it does alone.</summary>
    [Fact]
    public void What_is_remembered_changes_nothing_that_is_read()
    {
        var seed = TestSize.Seed;
        var random = new Random(seed);
        string[] series = ["a,device=p1", "a,device=p2", "b,x=1,device=p1", "a\\ b,t=é", "a"];
        string[] fields = ["k=1", "k=-2.5", "k=1e3", "k=7i", "k=t", "k=\"x y\"", "l=3", "k\\ l=4", "kk=5", "k=", "=6", "k=1.5x"];
        var memory = new LineMemory();
        for (var round = 0; round < 400; round++)
        {
            var text = string.Join('\n', Enumerable.Range(0, random.Next(1, 12)).Select(_ =>
                $"{series[random.Next(series.Length)]} {string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => fields[random.Next(fields.Length)]))}{(random.Next(3) == 0 ? "" : $" {random.Next(1_000)}")}"));
            var read = new List<string>();
            var reader = new LineReader(Encoding.UTF8.GetBytes(text), LinePrecision.Nanoseconds, memory);
            while (reader.Read())
            {
                read.Add(reader.Point is { } point ? Show(point) : $"{reader.Fault}");
            }

            Assert.True(Read(text).SequenceEqual(read), $"seed {seed}, round {round}: {text}\n{string.Join('\n', read)}");
        }
    }

    [Fact]
    public void A_memory_is_bounded()
    {
        var memory = new LineMemory();
        for (var i = 0; !memory.IsFull; i++)
        {
            Assert.True(i < 40, "it takes more than 40,000 series");
            var text = string.Join('\n', Enumerable.Range(0, 1_000).Select(line => $"a,device=p{i}-{line} k=1"));
            var reader = new LineReader(Encoding.UTF8.GetBytes(text), LinePrecision.Nanoseconds, memory);
            while (reader.Read())
            {
                Assert.NotNull(reader.Point);
            }
        }

        // What it has no room for is read all the same.
        var more = new LineReader("new,device=p k=2\nnew,device=p k=3"u8, LinePrecision.Nanoseconds, memory);
        Assert.True(more.Read() && more.Read());
        Assert.Equal(3, more.Point!.Value.Values[0].Number);

        // Keys that are new with every line fill it too.
        memory = new LineMemory();
        for (var i = 0; !memory.IsFull; i++)
        {
            Assert.True(i < 400, "it takes more than 400,000 keys");
            var reader = new LineReader(Encoding.UTF8.GetBytes($"a,device=p {string.Join(',', Enumerable.Range(0, 1_000).Select(key => $"k{i}-{key}=1"))}"), LinePrecision.Nanoseconds, memory);
            Assert.True(reader.Read());
        }
    }

    [Fact]
    public void A_time_that_no_time_can_be_is_refused() =>
        Assert.Contains("does precision say what it counts?", Assert.Single(Read("a x=1 1700000000000000000", LinePrecision.Seconds)), StringComparison.Ordinal);

    [Fact]
    public void Names_and_texts_have_a_longest()
    {
        var name = new string('n', LineReader.NameBytesMax);
        Assert.Equal([$"{name}[] x=1 @"], Read($"{name} x=1"));
        Assert.StartsWith("line 1, column 1: the measurement has more than 512 bytes", Assert.Single(Read($"{name}n x=1")), StringComparison.Ordinal);
        var text = new string('t', LineReader.TextBytesMax);
        Assert.Equal([$"a[] s='{text}' @"], Read($"a s=\"{text}\""));
        Assert.Contains("more than 65536 bytes", Assert.Single(Read($"a s=\"{text}t\"")), StringComparison.Ordinal);
        var fields = string.Join(',', Enumerable.Range(0, LineReader.FieldsMax).Select(i => $"f{i}=1"));
        Assert.DoesNotContain("line 1", Assert.Single(Read($"a {fields}")), StringComparison.Ordinal);
        Assert.Contains("more than 1024 fields", Assert.Single(Read($"a {fields},g=1")), StringComparison.Ordinal);
        var tags = string.Concat(Enumerable.Range(0, LineReader.TagsMax).Select(i => $",t{i}=1"));
        Assert.DoesNotContain("line 1", Assert.Single(Read($"a{tags} x=1")), StringComparison.Ordinal);
        Assert.Contains("more than 64 tags", Assert.Single(Read($"a{tags},g=1 x=1")), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused_where_they_stand()
    {
        var reader = new LineReader([.. "a\xFF"u8[..1], 0xFF, .. " x=1\nb x=2"u8], LinePrecision.Nanoseconds);
        Assert.True(reader.Read());
        Assert.Equal("line 1, column 1: the measurement is not UTF-8", $"{reader.Fault}");
        Assert.True(reader.Read());
        Assert.Equal("b", reader.Point!.Value.Series.Measurement);
    }

    /// <summary>P10 in process.</summary>
    [Fact]
    public void Mutated_lines_are_answered_and_never_thrown_at()
    {
        var seed = TestSize.Seed;
        byte[][] seeds =
        [
            [.. "pump,device=p1 temp=21.5,n=3i 1700000000000000000\npump,device=p1 temp=22"u8], [.. "my\\ pump,a\\=b=v\\, s=\"a \\\"b\\\"\\\\ \n c\",on=t\n# x\n\ny z=1u\r\n"u8],
            [.. "a x=1,y=-2e-3,z=\"text\",w=FALSE 5\nb x=1 6"u8],
        ];
        var hostile = new HostileBytes(new Random(seed), seeds, [.. "\n\r\t ,=\"\\#iu.-+eTf09"u8]);
        var (good, bad) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = hostile.Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var reader = new LineReader(bytes, LinePrecision.Milliseconds);
                while (reader.Read())
                {
                    Assert.True(reader.Point is null != reader.Fault is null);
                    (good, bad) = reader.Point is null ? (good, bad + 1) : (good + 1, bad);
                }
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {failure} for {Convert.ToHexString(bytes)}");
            }

            var cost = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(cost < AllocationMax, $"seed {seed}, round {round}: {cost} bytes for {Convert.ToHexString(bytes)}");
        }

        Assert.True(good > Rounds / 10 && bad > Rounds / 10, $"{good} good, {bad} bad");
    }

    private static List<string> Read(string text, LinePrecision precision = LinePrecision.Nanoseconds)
    {
        var read = new List<string>();
        var reader = new LineReader(Encoding.UTF8.GetBytes(text), precision);
        while (reader.Read())
        {
            read.Add(reader.Point is { } point ? Show(point) : $"{reader.Fault}");
        }

        return read;
    }

    private static string Show(LinePoint point) =>
        $"{point.Series.Measurement}[{string.Join(',', point.Series.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}] {string.Join(',', point.Keys.Zip(point.Values, (key, value) => $"{key}={Show(value)}"))} @{point.TimeNs}";

    private static string Show(MeasuredValue value) => value.Kind switch
    {
        MeasuredKind.Number => value.Number.ToString(CultureInfo.InvariantCulture),
        MeasuredKind.Whole => $"{value.Whole}i",
        MeasuredKind.Truth => $"{value.Truth}",
        _ => $"'{value.Text}'",
    };
}
