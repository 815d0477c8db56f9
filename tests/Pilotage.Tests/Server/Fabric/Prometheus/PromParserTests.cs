using Pilotage.Server.Fabric.Prometheus.Language;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Prometheus;

/// <summary>The subset of PromQL, as it is read.</summary>
public sealed class PromParserTests
{
    [Theory]
    [InlineData("load", "{__name__=load}")]
    [InlineData("job:load:rate5m", "{__name__=job:load:rate5m}")]
    [InlineData("load{device=\"p1\",path!='a/b',thing=~`pump.*`,level1!~\"x\",}", "{__name__=load,device=p1,path!=a/b,thing=~pump.*,level1!~x}")]
    [InlineData("{__name__=\"motor.speed-1\"}", "{__name__=motor.speed-1}")]
    [InlineData("{\"motor.speed\", \"device\"='p1'}", "{__name__=motor.speed,device=p1}")]
    [InlineData("load offset 1h30m", "{__name__=load}@-5400s")]
    [InlineData("load offset -90", "{__name__=load}@90s")]
    [InlineData("rate(load[5m] offset 1d)", "Rate[300s]({__name__=load}@-86400s)")]
    [InlineData("avg_over_time({device=\"p1\"}[1w2d3h4m5s6ms])", "AvgOverTime[788645.006s]({device=p1})")]
    [InlineData("last_over_time(load[300])", "LastOverTime[300s]({__name__=load})")]
    [InlineData("sum(load)", "Sum by()({__name__=load})")]
    [InlineData("SUM BY (device, level1) (load)", "Sum by(device,level1)({__name__=load})")]
    [InlineData("avg(load) without (device)", "Avg without(device)({__name__=load})")]
    [InlineData("topk(3, load)", "TopK 3 by()({__name__=load})")]
    [InlineData("bottomk by (\"thing\") (1+1, rate(load[1m]))", "BottomK 2 by(thing)(Rate[60s]({__name__=load}))")]
    [InlineData("max(min(count(load)))", "Max by()(Min by()(Count by()({__name__=load})))")]
    [InlineData("1 + 2 * 3 - -4 / 2", "9")]
    [InlineData("-(2 + 3) * 0x10", "-80")]
    [InlineData("1e3 + .5", "1000.5")]
    [InlineData("-Inf", "-Infinity")]
    [InlineData("load * 2 + 1", "(({__name__=load} * 2) + 1)")]
    [InlineData("100 / (load - 273.15)", "(100 / ({__name__=load} - 273.15))")]
    [InlineData("-load", "({__name__=load} * -1)")]
    [InlineData("sum # of what?\n(load) # that\n", "Sum by()({__name__=load})")]
    [InlineData("sum", "{__name__=sum}")]
    [InlineData("by + 1", "({__name__=by} + 1)")]
    [InlineData("load{device=\"a\\\"\\u00e9\\n\\x41\"}", "{__name__=load,device=a\"é\nA}")]
    public void What_is_supported_is_read(string query, string expected)
    {
        var read = PromParser.Read(query);
        Assert.True(read.IsOk, read.IsOk ? "" : read.Refusal.Message);
        Assert.Equal(expected, Shown(read.Value));
    }

    [Theory]
    [InlineData("histogram_quantile(0.9, load)", "1:1: the function histogram_quantile is not supported here; supported are selectors")]
    [InlineData("load / other", "1:6: / between two vectors is not supported here")]
    [InlineData("load > 5", "1:6: > is not supported here")]
    [InlineData("a and b", "1:3: and is not supported here")]
    [InlineData("load % 2", "% is not supported")]
    [InlineData("2 ^ 3", "^ is not supported")]
    [InlineData("load[5m]", "1:5: a range outside of a function, or a subquery, is not supported here")]
    [InlineData("avg_over_time(load[1h:5m])", "a subquery is not supported here")]
    [InlineData("avg_over_time(rate(load[5m])[1h])", "avg_over_time of something else than a selector is not supported here")]
    [InlineData("load @ 1700000000", "@ is not supported")]
    [InlineData("\"text\"", "a text by itself is not supported")]
    [InlineData("group(load)", "the function group is not supported")]
    public void What_Prometheus_knows_beyond_it_is_named_with_what_there_is(string query, string says)
    {
        var refusal = PromParser.Read(query).Refusal;
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("topk and bottomk with by or without", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "1:1: parse error: unexpected the end of the query")]
    [InlineData("load{", "1:6: parse error: unexpected the end of the query, the name of a label is wanted")]
    [InlineData("load{device}", "1:12: parse error: unexpected \"}\", = or != or =~ or !~ is wanted")]
    [InlineData("load{device=p1}", "1:13: parse error: unexpected \"p1\", a text in quotation marks is wanted")]
    [InlineData("load{device=\"p1}", "1:13: parse error: the text is not closed")]
    [InlineData("load{device=\"\\q\"}", "an escape that is none")]
    [InlineData("load{device=~\"(\"}", "the pattern of device cannot be read")]
    [InlineData("load{device=~\"(?=a)\"}", "without look-around")]
    [InlineData("{}", "one matcher at least")]
    [InlineData("{device=~\".*\"}", "one matcher at least")]
    [InlineData("load{__name__=\"temp\"}", "the name of the metric is given twice")]
    [InlineData("rate(load)", "1:10: parse error: unexpected \")\", \"[\" is wanted")]
    [InlineData("rate(load[0s])", "longer than nothing")]
    [InlineData("rate(load[99y])", "at most 50 years")]
    [InlineData("rate(load offset 5m [5m])", "offset stands behind the range")]
    [InlineData("rate(5)", "a selector with a range")]
    [InlineData("topk(load, load)", "how many is a number")]
    [InlineData("sum(5)", "a vector is wanted")]
    [InlineData("sum(load) offset 5m", "offset follows a selector")]
    [InlineData("(load", "1:6: parse error: unexpected the end of the query, \")\" is wanted")]
    [InlineData("load load", "1:6: parse error: unexpected \"load\"")]
    [InlineData("load $", "1:6: parse error: unexpected character '$'")]
    [InlineData("5mm", "unexpected character '5'")]
    public void What_is_no_query_is_refused_at_its_place(string query, string says) =>
        Assert.Contains(says, PromParser.Read(query).Refusal.Message, StringComparison.Ordinal);

    [Fact]
    public void Length_depth_and_labels_are_bounded()
    {
        Assert.True(PromParser.Read(new string('(', 49) + "load" + new string(')', 49)).IsOk);
        Assert.Contains("more than 50 brackets", PromParser.Read(new string('(', 10_000) + "load").Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("longer than 16384", PromParser.Read(new string(' ', 16 * 1024 + 1)).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("more than 100 matchers", PromParser.Read($"load{{{string.Concat(Enumerable.Repeat("a=\"b\",", 200))}}}").Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("no more than 100 labels", PromParser.Read($"sum(load) by ({string.Concat(Enumerable.Repeat("a,", 200))})").Refusal.Message, StringComparison.Ordinal);
        Assert.True(PromParser.Read(new string('-', 10_000) + "1").IsOk);
    }

    [Fact]
    public void Any_text_is_read_or_refused_and_never_thrown()
    {
        string[] pieces =
        [
            "load", "rate", "sum", "by", "without", "offset", "topk", "(", ")", "{", "}", "[", "]", ",", "=", "!=", "=~", "!~", "+", "-", "*", "/", "%", "@", ":", "\"p1\"", "'", "`", "\\", "5m", "1e", "0x", ".5", "\"\\U0010FFFF\"",
            "\"(a+)+$\"", "NaN", "#", "\n", " ", "é", "\0", "device", "9999999999999999999999y", "\uD800", "1h", "5", "_", "\"[\"",
        ];
        var random = new Random(4711);
        for (var run = 0; run < 50_000; run++)
        {
            var query = string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => pieces[random.Next(pieces.Length)]));
            var read = PromParser.Read(query);
            Assert.True(read.IsOk || read.Refusal.Message.Length > 10, query);
        }
    }

    [Fact]
    public void A_pattern_takes_time_with_the_length_of_the_value_alone()
    {
        var matcher = LabelMatcher.Of("device", "=~", "(a+)+$", 0).Value;
        Assert.False(matcher.Matches(new string('a', 10_000) + "b"));
        Assert.True(LabelMatcher.Of("device", "=~", "pump", 0).Value.Matches("pump"));
        Assert.False(LabelMatcher.Of("device", "=~", "pump", 0).Value.Matches("pump-1"));
        Assert.True(LabelMatcher.Of("device", "!~", "a.b", 0).Value.Matches("axxb"));
        Assert.True(LabelMatcher.Of("device", "=~", "a.b", 0).Value.Matches("a\nb"));
    }

    private static string Shown(PromExpression expression) => expression switch
    {
        PromNumber number => $"{number.Value}",
        PromSelector selector => $"{{{string.Join(',', selector.Matchers.Select(one => one.Name + one.Operator + one.Value))}}}{(selector.OffsetNs == 0 ? "" : $"@{-selector.OffsetNs / 1e9}s")}",
        PromRangeCall call => $"{call.Function}[{call.RangeNs / 1e9}s]({Shown(call.Selector)})",
        PromAggregation sum => $"{sum.Aggregator} {(sum.Aggregator >= PromAggregator.TopK ? $"{sum.Parameter} " : "")}{(sum.IsWithout ? "without" : "by")}({string.Join(',', sum.Labels)})({Shown(sum.Of)})",
        PromArithmetic arithmetic => arithmetic.IsNumberFirst
            ? $"({arithmetic.Number} {arithmetic.Operator} {Shown(arithmetic.Vector)})"
            : $"({Shown(arithmetic.Vector)} {arithmetic.Operator} {arithmetic.Number})",
        _ => "?",
    };
}
