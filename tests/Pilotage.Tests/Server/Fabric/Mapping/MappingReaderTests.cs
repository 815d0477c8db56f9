using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fabric.Mapping;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

public sealed class MappingReaderTests
{
    internal const string Factory = """
        format: pilotage.mapping/1
        name: factory
        version: 2
        description: Presses of line 1 and 2
        devices_max: 50
        rules:
          status:
            topic: factory/{line}/{machine}/status/{property}
            device: "{tenant}/lyon/{line}/{machine}"
            thing: press
            property: "{property}"
            others: keep
            properties:
              temp_c: {name: temperature, unit: Cel}
              speed: {unit: "/min", scale: 60}
          report:
            topic: factory/{line}/report
            device: "{tenant}/lyon/{line}/{/machine}"
            payload: json
            time: {field: /at, format: s}
            properties:
              /env/temp: {name: temp, type: number, unit: "[degF]", offset: -2}
              count: {type: whole}
        """;

    [Fact]
    public void Reads_a_whole_mapping()
    {
        var mapping = Read(Factory).Value;

        Assert.Equal(("factory", 2, 50, 2), (mapping.Name, mapping.Version, mapping.DevicesMax, mapping.Rules.Count));
        var (status, report) = (mapping.Rules[0], mapping.Rules[1]);
        Assert.Equal(("status", "press", true, true), (status.Name, status.Thing, status.IsSingle, status.KeepsOthers));
        Assert.Equal(("temperature", "Cel"), (status.Properties["temp_c"].Name, status.Properties["temp_c"].Value.Unit!.Code));
        Assert.Equal(60, status.Properties["speed"].Value.Scale);
        Assert.Equal((TimeForm.S, "/at", false, true), (report.Time!.Form, report.Time.Field.ToString(), report.KeepsOthers, report.TakesRetained));
        Assert.Equal(-2, report.Properties["env.temp"].Value.Offset);
        Assert.Equal("factory", report.Thing);
        Assert.StartsWith("rules without a thing type give units, which belong to one: new devices of report are of the thing type factory", Assert.Single(mapping.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: factory", "name: Factory!", ":2:", "is not the name of a mapping")]
    [InlineData("version: 2", "version: 0", ":3:", "version: \"0\" is not a whole number from 1 to")]
    [InlineData("version: 2", "verison: 2", ":3:", "unknown key \"verison\"; did you mean \"version\"?")]
    [InlineData("devices_max: 50", "devices_max: many", ":5:", "is not a whole number")]
    [InlineData("pilotage.mapping/1", "pilotage.mapping/9", ":1:", "write pilotage.mapping/1")]
    [InlineData("thing: press", "thnig: press", ":10:", "did you mean \"thing\"?")]
    [InlineData("thing: press", "thing: edge", ":10:", "an edge is enrolled with a certificate")]
    [InlineData("status/{property}\n", "status/{property\n", ":8:", "topic: has the level \"{property\"")]
    [InlineData("lyon/{line}/{machine}\"", "lyon/{line}/{mahcine}\"", ":9:", "{mahcine} is no level of the topic factory/{line}/{machine}/status/{property}; did you mean \"machine\"?")]
    [InlineData("property: \"{property}\"", "property: \"{property\"", ":11:", "has a brace at character 1")]
    [InlineData("unit: Cel", "unit: Celsius", ":14:", "\"Celsius\" is not a UCUM unit, write Cel")]
    [InlineData("scale: 60", "scale: fast", ":15:", "\"fast\" is not a number")]
    [InlineData("scale: 60", "scale: 0", ":15:", "makes every value the same")]
    [InlineData("format: s}", "format: seconds}", ":20:", "format \"seconds\" is unknown")]
    [InlineData("field: /at", "field: at", ":20:", "\"at\" is no JSON pointer; write /temperature")]
    [InlineData("type: whole", "type: whole, unit: m", ":23:", "belong to numbers")]
    [InlineData("payload: json", "payload: number", ":17:", "the payload is one value without a name")]
    [InlineData("payload: json", "payload: senml", ":17:", "SenML names its values and times itself")]
    [InlineData("payload: json", "payload: xml", ":19:", "payload \"xml\" is unknown")]
    [InlineData("payload: json", "value: /v", ":19:", "which needs a name: property: NAME")]
    [InlineData("factory/{line}/report", "factory/{a}/{b}/status/{c}", ":17:", "takes the same topics as status in line 8")]
    public void Names_the_line_and_why(string instead, string written, string where, string why)
    {
        var refusal = Read(Factory.Replace(instead, written, StringComparison.Ordinal)).Refusal;

        Assert.Equal("fabric.mapping.invalid", refusal.Code);
        Assert.Contains(refusal.Details, fault => fault.Where.Contains("m.yaml" + where, StringComparison.Ordinal) && fault.Message.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void Tells_rules_that_overlap_and_which_counts()
    {
        var mapping = Read(Factory.Replace("factory/{line}/report", "factory/{line}/press-1/#", StringComparison.Ordinal)).Value;

        Assert.Contains("report (factory/{line}/press-1/#) and status", mapping.Notes[0], StringComparison.Ordinal);
        Assert.EndsWith("a topic that both take goes to report, the more specific one", mapping.Notes[0], StringComparison.Ordinal);
        var table = new RuleTable(mapping, new TenantId("acme"), "plant");
        Assert.Equal("report", table.Find("factory/l1/press-1/status/temp")!.Rule.Name);
        Assert.Equal("status", table.Find("factory/l1/press-2/status/temp")!.Rule.Name);
        Assert.Null(table.Find("factory/l1/press-2/other"));
    }

    [Fact]
    public void Has_bounds_that_are_told()
    {
        Assert.Equal("fabric.mapping.too_large", Read(new string('#', TopicMapping.BytesMax + 1)).Refusal.Code);
        var many = new StringBuilder("format: pilotage.mapping/1\nname: m\nversion: 1\nrules:\n");
        for (var i = 0; i <= TopicMapping.RulesMax; i++)
        {
            many.Append($"  r{i}: {{topic: \"t{i}/{{x}}\", device: \"{{tenant}}/{{x}}\"}}\n");
        }

        Assert.Contains("there are 101 rules; 100 are the most", Read(many.ToString()).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("a file holds one mapping", Read(Factory + "\n---\nname: second\n").Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_text_is_refused_with_a_place_and_never_throws()
    {
        const string Marks = "{}[]:&*!|>\"'%@`#,\t\n/+ -?";
        var random = new Random(4711);
        var whole = Encoding.UTF8.GetBytes(Factory);
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = whole.ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 30)));
                        break;
                    case 1:
                        bytes.Insert(at, (byte)Marks[random.Next(Marks.Length)]);
                        break;
                    case 2:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    default:
                        bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), random.Next(1, 40)));
                        break;
                }
            }

            if (!MappingReader.Read("m.yaml", bytes.ToArray()).TryGet(out _, out var refusal))
            {
                refused++;
                Assert.NotEmpty(refusal.Details);
                Assert.All(refusal.Details, fault => Assert.Matches("^m\\.yaml:\\d+:\\d+$", fault.Where));
            }
        }

        Assert.InRange(refused, 1_000, 3_000);
    }

    internal static Outcome<TopicMapping> Read(string yaml) => MappingReader.Read("m.yaml", Encoding.UTF8.GetBytes(yaml));
}
