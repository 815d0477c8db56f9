using System.Text;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Package;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Meaning;

/// <summary>Thing descriptions: what is read, and what is said of those that are none.</summary>
public sealed class DescriptionReaderTests
{
    private const string Whole = """
        {
          "@context": ["https://www.w3.org/2022/wot/td/v1.1", {"saref": "https://saref.etsi.org/core/"}],
          "@type": ["tm:ThingModel", "saref:Device"],
          "title": "Pump", "description": "Moves water.", "security": "nosec_sc", "forms": [{"href": "x"}],
          "properties": {
            "bearing_temp": {"@type": "saref:Temperature", "title": "Bearing", "description": "Outer race.", "type": "number", "unit": "Cel",
              "minimum": -40, "maximum": 200, "readOnly": true, "observable": true},
            "mode": {"@type": ["x:Mode", "x:State"], "type": "string", "enum": ["off", "on"], "writeOnly": false},
            "turns": {"type": "integer", "enum": [1, 2.0, 1e3]},
            "running": {"type": "boolean"}, "limits": {"type": "object", "properties": {"low": {"type": "number"}}}, "wave": {"type": "array"}, "any": {}
          }
        }
        """;

    [Fact]
    public void Reads_what_is_used_and_passes_over_the_rest()
    {
        var thing = Read(Whole).Value;
        Assert.Equal(("pump", "Pump", "Moves water.", true), (thing.Name, thing.Title, thing.Description, thing.IsModel));
        Assert.Equal(["bearing_temp", "mode", "turns", "running", "limits", "wave", "any"], thing.Properties.Keys);
        var temperature = thing.Properties["bearing_temp"];
        Assert.Equal(("number", "Cel", -40, 200, true, true), (temperature.Type, temperature.Unit?.Code, temperature.Minimum, temperature.Maximum, temperature.ReadOnly, temperature.Observable));
        Assert.Equal(("Bearing", "Outer race.", "saref:Temperature"), (temperature.Title, temperature.Description, Assert.Single(temperature.Types)));
        Assert.Equal(["x:Mode", "x:State"], thing.Properties["mode"].Types);
        Assert.Null(thing.Properties["any"].Type);
    }

    [Theory]
    [InlineData("\"title\": \"Pump\"", "\"title\": \" \"", "/title", "is empty; write what people call this thing")]
    [InlineData("\"title\": \"Pump\"", "\"title\": 7", "/title", "is a number; write text")]
    [InlineData("v1.1\"", "v9\"", "/@context", "write \"https://www.w3.org/2022/wot/td/v1.1\"")]
    [InlineData("\"@context\"", "\"context\"", "/@context", "is missing")]
    [InlineData("\"unit\": \"Cel\"", "\"unit\": \"celsius\"", "/properties/bearing_temp/unit", "\"celsius\" is not a UCUM unit, write Cel")]
    [InlineData("\"unit\": \"Cel\"", "\"unit\": null", "/properties/bearing_temp/unit", "is null; write text")]
    [InlineData("\"running\": {", "\"running\": {\"unit\": \"s\", ", "/properties/running/unit", "measures a number, and the type is boolean")]
    [InlineData("\"running\": {", "\"running\": {\"minimum\": 1, ", "/properties/running/minimum", "bounds a number, and the type is boolean")]
    [InlineData("\"minimum\": -40", "\"minimum\": 240", "/properties/bearing_temp/minimum", "is above maximum")]
    [InlineData("\"minimum\": -40", "\"minimum\": \"-40\"", "/properties/bearing_temp/minimum", "is text; write a number")]
    [InlineData("\"minimum\": -40", "\"minimum\": -1e999", "/properties/bearing_temp/minimum", "is larger than any number")]
    [InlineData("\"type\": \"number\", \"unit\"", "\"type\": \"float\", \"unit\"", "/properties/bearing_temp/type", "is \"float\"; write one of number, integer")]
    [InlineData("\"readOnly\": true", "\"readOnly\": true, \"writeOnly\": true", "/properties/bearing_temp/writeOnly", "set one of them to false")]
    [InlineData("\"observable\": true", "\"observable\": \"yes\"", "/properties/bearing_temp/observable", "write true or false")]
    [InlineData("[\"off\", \"on\"]", "[]", "/properties/mode/enum", "at least one value")]
    [InlineData("[\"off\", \"on\"]", "[\"off\", 1]", "/properties/mode/enum/1", "is a number, and the type is string")]
    [InlineData("1e3", "1.5", "/properties/turns/enum/2", "make them agree")]
    [InlineData("[\"x:Mode\", \"x:State\"]", "[\"x:Mode\", 7]", "/properties/mode/@type/1", "must be a name")]
    [InlineData("\"any\": {}", "\"any\": 7", "/properties/any", "write an object such as {\"type\"")]
    [InlineData("\"any\": {}", "\"any/thing~\": {}", "/properties/any~1thing~0", "a name that no series can have")]
    [InlineData("\"any\": {}", "\"any\": {\"tm:ref\": \"http://x/y.tm.json#/properties/a\"}", "/properties/any/tm:ref", "which is not fetched")]
    public void A_fault_is_told_by_its_pointer_and_what_to_do(string part, string spoilt, string pointer, string says)
    {
        Assert.Contains(part, Whole, StringComparison.Ordinal);
        var refusal = Read(Whole.Replace(part, spoilt, StringComparison.Ordinal)).Refusal;
        Assert.Equal("fabric.thing.invalid", refusal.Code);
        var fault = Assert.Single(refusal.Details);
        Assert.Equal(pointer, fault.Where);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Contains(pointer, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_told_at_once_up_to_a_bound()
    {
        var properties = string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"p{i}\": {{\"unit\": \"nonsense\"}}"));
        var refusal = Read(Properties(properties)).Refusal;
        Assert.Equal(50, refusal.Details.Count);
        Assert.Contains("(and 49 more)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thing_type_has_a_bounded_number_of_properties()
    {
        Assert.Equal(DescriptionReader.PropertiesMax, Read(Of(DescriptionReader.PropertiesMax)).Value.Properties.Count);
        Assert.Contains("1024 are the most", Read(Of(DescriptionReader.PropertiesMax + 1)).Refusal.Message, StringComparison.Ordinal);

        static string Of(int count) =>
            Properties(string.Join(',', Enumerable.Range(0, count).Select(i => $"\"p{i}\": {{}}")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"title\": \"a\", \"title\": \"b\"}")]
    [InlineData("{\"title\": \"\\ud800\", \"@context\": \"https://www.w3.org/2022/wot/td/v1.1\"}")]
    [InlineData("{\"properties\": {\"\\udfff\": {}}}")]
    public void What_is_no_json_is_told_so(string text) => Assert.Equal("fabric.thing.malformed", Read(text).Refusal.Code);

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"@context\": {}, \"title\": [], \"@type\": 7, \"properties\": []}")]
    public void What_is_json_and_no_description_is_told_where(string text) => Assert.NotEmpty(Read(text).Refusal.Details);

    [Fact]
    public void A_description_and_a_model_are_sent_as_what_they_are()
    {
        var model = Encoding.UTF8.GetBytes("""{"@context": "https://www.w3.org/2022/wot/td/v1.1", "@type": "tm:ThingModel"}""");
        Assert.Equal("pump", DescriptionReader.Read("pump", model, ThingMedia.Model).Value.Title);
        Assert.Contains("send a thing model as application/tm+json", DescriptionReader.Read("pump", model, ThingMedia.Description).Refusal.Message, StringComparison.Ordinal);
        var description = Encoding.UTF8.GetBytes("""{"@context": "https://www.w3.org/2019/wot/td/v1", "title": "Pump 7"}""");
        Assert.False(DescriptionReader.Read("pump", description, ThingMedia.Description).Value.IsModel);
        var untitled = Read("""{"@context": "https://www.w3.org/2022/wot/td/v1.1", "title": 7}""").Refusal;
        Assert.Equal("is a number; write text, or leave it out", Assert.Single(untitled.Details).Message);
        Assert.Contains("add it, or send", DescriptionReader.Read("pump", description, ThingMedia.Model).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_samples_are_read_as_their_packages_read_them()
    {
        foreach (var file in Repository.Files("samples", "*.td.json"))
        {
            var package = PackageReader.ReadFolder(Path.GetDirectoryName(Path.GetDirectoryName(file))!, siteFile: null).Value;
            var known = Assert.Single(package.Things, thing => file.EndsWith($"{thing.Name}.td.json", StringComparison.Ordinal));
            var read = DescriptionReader.Read(known.Name, File.ReadAllBytes(file), ThingMedia.Model).Value;
            Assert.Equal(known.Properties.Select(p => (p.Name, (string?)p.Type, p.Unit, p.Title)), read.Properties.Values.Select(p => (p.Name, p.Type, p.Unit?.Code, p.Title)));
        }
    }

    private static string Properties(string members) => """{"@context": "https://www.w3.org/2022/wot/td/v1.1", "title": "x", "properties": {""" + members + "}}";

    private static Pilotage.Core.Outcome<ThingDescription> Read(string text) => DescriptionReader.Read("pump", Encoding.UTF8.GetBytes(text), ThingMedia.Json);
}
