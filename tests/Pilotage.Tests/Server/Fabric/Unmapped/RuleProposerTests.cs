using System.Text;
using Pilotage.Core;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Tests.Server.Fabric.Mapping;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Unmapped;

/// <summary>What is proposed for topics that nothing maps.</summary>
public sealed class RuleProposerTests
{
    private const long NowNs = 1_767_225_600_000_000_000;
    private static readonly TenantId Acme = new("acme");

    [Theory]
    [InlineData("temp_c", 20, 25, "Cel", "high")]
    [InlineData("oilTempF", 100, 200, "[degF]", "high")]
    [InlineData("motor_rpm", 0, 1500, "/min", "high")]
    [InlineData("rpm", 0, 1500, "/min", "high")]
    [InlineData("flow_l_min", 1, 5, "L/min", "high")]
    [InlineData("vib_mm_s", 0, 4, "mm/s", "high")]
    [InlineData("energy_kwh", 0, 1e5, "kW.h", "high")]
    [InlineData("inlet_pressure_kpa", 100, 300, "kPa", "high")]
    [InlineData("temperature", 18, 24, "Cel", "medium")]
    [InlineData("bearing-temp", 18, 90, "Cel", "medium")]
    [InlineData("temperature", 0, 4000, null, null)]
    [InlineData("pressure", 990, 1030, "hPa", "low")]
    [InlineData("pressure", 99_000, 103_000, "Pa", "medium")]
    [InlineData("humidity", 30, 60, "%", "medium")]
    [InlineData("humidity", 30, 600, null, null)]
    [InlineData("phase_a", 0, 1, "A", "medium")]
    [InlineData("x", 0, 1, null, null)]
    [InlineData("c", 0, 1, null, null)]
    public void A_unit_is_guessed_from_the_name_and_the_values(string name, double least, double most, string? unit, string? sure)
    {
        var hint = UnitHints.Of(name, least, most);
        Assert.Equal((unit, sure), (hint?.Unit, hint?.Confidence.ToString().ToLowerInvariant()));
        Assert.True(hint is null || Ucum.Parse(hint.Unit).IsOk);
    }

    [Fact]
    public void Plain_values_of_many_machines_become_one_rule()
    {
        var mapping = Proposed(
            ("factory/l1/press-1/temp_c", "21.5"), ("factory/l1/press-2/temp_c", "22"), ("factory/l2/press-9/speed_rpm", "1200"), ("factory/l1/press-1/running", "on"), ("factory/l1/press-1/mode", "auto mode"));

        var rule = Assert.Single(mapping.Rules);
        Assert.Equal(("factory/{level2}/{machine}/{property}", "{tenant}/{source}/factory/{level2}/{machine}", "{property}"), (rule.Topic.Text, rule.Device.Text, rule.Property!.Text));
        Assert.Equal(("Cel", "/min"), (rule.Properties["temp_c"].Value.Unit!.Code, rule.Properties["speed_rpm"].Value.Unit!.Code));
        Assert.Equal(["temp_c=21.5"], Stored(mapping, "factory/l1/press-1/temp_c", "21.5"));
        Assert.Equal(["running=false"], Stored(mapping, "factory/l1/press-1/running", "off"));
        Assert.Equal(["mode=setup"], Stored(mapping, "factory/l1/press-1/mode", "setup"));
    }

    [Theory]
    [InlineData("press", "l1/press-1/temp_c", "l1/Press_22/temp_c")]
    [InlineData("boiler_feed_pump", "l1/boiler-feed-pump7/temp_c")]
    [InlineData("m", "l1/press-1/temp_c", "l1/oven-1/temp_c")]
    [InlineData("m", "l1/edge-1/temp_c")]
    [InlineData("m", "l1/7/temp_c")]
    public void Devices_are_of_a_thing_type_so_that_units_are_kept(string thing, params string[] topics)
    {
        var mapping = Proposed([.. topics.Select(topic => (topic, "21.5"))]);
        Assert.Equal(thing == "m" ? mapping.Name.Replace('-', '_') : thing, Assert.Single(mapping.Rules).Thing);
    }

    [Theory]
    [InlineData("ts", "1767225600000")]
    [InlineData("time", "\"2025-12-31T00:00:00Z\"")]
    [InlineData("measuredOn", "\"2025-12-31T00:00:00Z\"")]
    public void Objects_become_a_rule_with_their_time_and_kinds(string field, string time)
    {
        var payload = $"{{\"{field}\":{time},\"temp_c\":21.5,\"starts_count\":7,\"on\":true,\"env\":{{\"humidity\":40}}}}";
        var mapping = Proposed(("plc/p1/report", payload), ("plc/p2/report", payload));

        var rule = Assert.Single(mapping.Rules);
        Assert.Equal(("plc/{machine}/report", "{tenant}/{source}/plc/{machine}", $"/{field}"), (rule.Topic.Text, rule.Device.Text, rule.Time!.Field.ToString()));
        Assert.Equal("%", rule.Properties["env.humidity"].Value.Unit!.Code);
        Assert.Equal(["env.humidity=40", "on=true", "starts_count=7", "temp_c=21.5"], Stored(mapping, "plc/p1/report", payload).Order());
    }

    [Theory]
    [InlineData("a/b", "", "its messages are empty")]
    [InlineData("a/b", "\u00ff\u00fe", "its messages are bytes")]
    [InlineData("$SYS/x", "1", "belong to the broker")]
    [InlineData("a/b", "{\"l\":[1]}", "there is no value in its messages")]
    [InlineData("a/b", "{\"ts\":1767225600}", "nothing but a time")]
    [InlineData("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "1", "more than 16 levels")]
    public void What_cannot_be_proposed_is_left_out_with_the_reason(string topic, string payload, string why)
    {
        var (rules, left) = RuleProposer.Of([Topic(topic, Encoding.Latin1.GetBytes(payload))]);
        Assert.Empty(rules);
        Assert.Contains(why, Assert.Single(left).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_go_into_a_mapping_that_is_there_as_its_next_version()
    {
        var (rules, _) = RuleProposer.Of([Topic("plc/p1/temp_c", "1"u8.ToArray())]);
        var merged = MappingWriter.WriteInto(MappingReaderTests.Factory, MappingReaderTests.Read(MappingReaderTests.Factory).Value, rules)!;
        var mapping = MappingReaderTests.Read(merged).Value;

        Assert.Equal((3, "factory", 3), (mapping.Rules.Count, mapping.Name, mapping.Version));
        Assert.Equal(["temp_c=1"], Stored(mapping, "plc/p1/temp_c", "1"));
        Assert.Contains("temp_c: {name: temperature, unit: Cel}", merged, StringComparison.Ordinal);
        const string Flow = "{format: pilotage.mapping/1, name: m, version: 1, rules: {r: {topic: a, device: \"{tenant}/a\"}}}";
        Assert.Null(MappingWriter.WriteInto(Flow, MappingReaderTests.Read(Flow).Value, rules));
    }

    /// <summary>Whatever topics and payloads come, what is proposed can be read, and takes the topics it was proposed for.</summary>
    [Fact]
    public void Every_proposal_can_be_added_and_takes_its_topics()
    {
        var random = new Random(5);
        string[] levels = ["a", "press-1", "temp_c", "{x}", "_sys", "ü mlaut", "\"q\"", "a: b", "# c", "'", "-", "", "\t", "null", "1e5", "{", "*", "&x", "\ud83d\ude00", new string('l', 90)];
        string[] payloads =
        [
            "1", "on", "text: {", "{\"a\":1,\"b # c\":\"x\",\"\\u2028\":2,\"\":3}", "{\"ts\":1767225600,\"v: w\":true}", "[{\"n\":\"t\",\"v\":1}]", "{\"a.b\":1,\"c/d\":2,\"e\":3}", "{\"a\":1e400,\"b\":1}", "\"\\u0007\"",
            "null",
        ];
        for (var round = 0; round < 300; round++)
        {
            var topics = Enumerable.Range(0, random.Next(1, 12))
                .Select(_ => string.Join('/', Enumerable.Range(0, random.Next(1, 6)).Select(_ => levels[random.Next(levels.Length)])))
                .Where(topic => topic.Length > 0).Distinct()
                .Select(topic => Topic(topic, Encoding.UTF8.GetBytes(payloads[random.Next(payloads.Length)]))).ToList();
            var (rules, left) = RuleProposer.Of(topics);
            Assert.Equal(topics.Count, left.Count + rules.Sum(rule => rule.Topics.Count));
            if (rules.Count == 0)
            {
                continue;
            }

            var text = MappingWriter.Write("proposed", rules);
            Assert.True(MappingReaderTests.Read(text).TryGet(out var mapping, out var refusal), $"{refusal?.Message}\n{text}");
            var table = new RuleTable(mapping, Acme, "plant");
            Assert.All(rules.SelectMany(rule => rule.Topics), topic => Assert.True(table.Find(topic) is not null, $"{topic}\n{text}"));
        }
    }

    private static TopicMapping Proposed(params (string Topic, string Payload)[] topics)
    {
        var (rules, left) = RuleProposer.Of([.. topics.Select(one => Topic(one.Topic, Encoding.UTF8.GetBytes(one.Payload)))]);
        Assert.Empty(left);
        return MappingReaderTests.Read(MappingWriter.Write("proposed", rules)).Value;
    }

    private static IEnumerable<string> Stored(TopicMapping mapping, string topic, string payload)
    {
        var reading = PayloadReader.Read(new RuleTable(mapping, Acme, "plant").Find(topic)!, null, Encoding.UTF8.GetBytes(payload), NowNs);
        Assert.Null(reading.Fault);
        return reading.Rows.SelectMany(row => row.Values).Select(value => $"{value.Property}={value.Value}");
    }

    private static UnmappedTopic Topic(string topic, byte[] payload) =>
        new(Acme, "plant", topic, 1, NowNs, NowNs, false, "no rule", [new UnmappedSample(payload, payload.Length, null, false, NowNs)]);
}
