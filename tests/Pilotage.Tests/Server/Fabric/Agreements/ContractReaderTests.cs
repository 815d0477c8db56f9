using System.Text;
using Pilotage.Server.Fabric.Agreements;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Agreements;

public sealed class ContractReaderTests
{
    private const string Head = "format: pilotage.contract/1\nthing: pump\nproperties:\n";

    [Fact]
    public void A_whole_contract_is_read()
    {
        var read = ContractReader.Read("pump", Encoding.UTF8.GetBytes(
            """
            format: pilotage.contract/1
            thing: pump
            violation: quarantine
            properties:
              vibration: {required: true, minimum: 0, maximum: 50, unit: mm/s, violation: reject}
              state: {values: [on, off]}
              bearing_temp: {fresh: PT5M, rate: {min: 50, max: 70, per: PT1M}, violation: count}
            """)).Value;
        Assert.Equal(["vibration", "state", "bearing_temp"], read.Properties.Select(rules => rules.Name));
        Assert.Equal([OnViolation.Reject, OnViolation.Quarantine, OnViolation.Count], read.Properties.Select(rules => rules.Choice));
        Assert.Equal((true, 0.0, 50.0, "mm/s"), (read.Properties[0].Required, read.Properties[0].Minimum, read.Properties[0].Maximum, read.Properties[0].Unit!.Code));
        Assert.Equal(["on", "off"], read.Properties[1].Values);
        Assert.Equal((TimeSpan.FromMinutes(5), new RateRule(50, 70, TimeSpan.FromMinutes(1))), (read.Properties[2].Fresh, read.Properties[2].Rate));
    }

    [Fact]
    public void Json_is_read_the_same_way() => Assert.Equal(
        10, ContractReader.Read(null, """{"format":"pilotage.contract/1","thing":"pump","properties":{"a":{"maximum":10}}}"""u8.ToArray()).Value.Properties[0].Maximum);

    [Theory]
    [InlineData("", "contract:1:1", "the file is empty")]
    [InlineData("[1, 2]", "contract:1:1", "expected keys and values")]
    [InlineData("a: [", "contract:", "not readable as YAML")]
    [InlineData("format: pilotage.contract/2\nthing: pump\nproperties: {a: {maximum: 1}}", "contract:1:9", "format: \"pilotage.contract/2\" is not known; write pilotage.contract/1")]
    [InlineData("format: pilotage.contract/1\nthing: Pump 7\nproperties: {a: {maximum: 1}}", "contract:2:8", "thing: \"Pump 7\" is not the name of a thing type")]
    [InlineData("format: pilotage.contract/1\nthing: motor\nproperties: {a: {maximum: 1}}", "contract:2:8", "thing: is motor, and the contract is given for pump")]
    [InlineData("format: pilotage.contract/1\nthing: pump\nproperties: {}", "contract:3:13", "there is none")]
    [InlineData(Head + "  a: {maximum: high}", "contract:4:16", "maximum: \"high\" is not a number")]
    [InlineData(Head + "  a: {minimum: 5, maximum: 1}", "contract:4:16", "minimum: 5 is greater than maximum, 1")]
    [InlineData(Head + "  a: {maximun: 5}", "contract:4:7", "unknown key \"maximun\"; did you mean \"maximum\"?")]
    [InlineData(Head + "  a: {violation: drop}", "contract:4:18", "violation: \"drop\" is unknown")]
    [InlineData(Head + "  a: {required: maybe}", "contract:4:17", "required: \"maybe\" is neither true nor false")]
    [InlineData(Head + "  a: {unit: furlong}", "contract:4:13", "unit: \"furlong\" is not a UCUM unit")]
    [InlineData(Head + "  a: {fresh: 5m}", "contract:4:14", "fresh: \"5m\" is not a duration")]
    [InlineData(Head + "  a: {rate: {per: PT1M}}", "contract:4:13", "rate: give min, max or both")]
    [InlineData(Head + "  a: {rate: {max: 1.5, per: PT1M}}", "contract:4:19", "max: give a whole number of points")]
    [InlineData(Head + "  a: {rate: {min: 9, max: 3, per: PT1M}}", "contract:4:19", "min: 9 is greater than max, 3")]
    [InlineData(Head + "  a: {rate: {max: 3, per: P9D}}", "contract:4:27", "per: give PT1S to P1D")]
    [InlineData(Head + "  'a b': {maximum: 3}", "contract:4:10", "cannot be the name of a property")]
    public void A_fault_is_told_with_its_line_and_key(string yaml, string where, string says)
    {
        Assert.False(ContractReader.Read("pump", Encoding.UTF8.GetBytes(yaml)).TryGet(out _, out var refusal));
        Assert.Equal("fabric.contract.invalid", refusal.Code);
        Assert.Contains(refusal.Details, fault => fault.Where.StartsWith(where, StringComparison.Ordinal) && fault.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void Bytes_of_any_kind_are_refused_and_nothing_else()
    {
        var random = new Random(9);
        var whole = Encoding.UTF8.GetBytes(Head + "  a: {required: true, minimum: 0, values: [on, off], rate: {max: 3, per: PT1M}}\n");
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = whole.ToArray();
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var read = ContractReader.Read("pump", bytes);
            Assert.True(read.IsOk || read.Refusal.Details.Count > 0);
        }
    }
}
