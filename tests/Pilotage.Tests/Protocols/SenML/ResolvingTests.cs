using System.Formats.Cbor;
using System.Text;
using Pilotage.Core.Units;
using Pilotage.Protocols;
using Pilotage.Protocols.SenML;
using Xunit;

namespace Pilotage.Tests.Protocols.SenML;

public sealed class ResolvingTests
{
    private const long Second = 1_000_000_000;
    private const long Now = 1_790_000_000 * Second;

    [Theory]
    [InlineData("""[{"n":"a","v":1}]""", 0)]
    [InlineData("""[{"n":"a","v":1,"t":0}]""", 0)]
    [InlineData("""[{"n":"a","v":1,"t":-30}]""", -30)]
    [InlineData("""[{"n":"a","v":1,"bt":-30,"t":10}]""", -20)]
    [InlineData("""[{"n":"a","v":1,"t":268435455}]""", 268_435_455)]
    [InlineData("""[{"n":"a","v":1,"t":268435456}]""", 268_435_456 - 1_790_000_000)]
    [InlineData("""[{"n":"a","v":1,"bt":1700000000,"t":-5}]""", 1_699_999_995 - 1_790_000_000)]
    public void A_time_below_two_to_the_28th_is_relative_to_now(string json, long seconds) =>
        Assert.Equal(Now + (seconds * Second), Assert.Single(Read(json).Values).TimeNs);

    [Fact]
    public void Base_value_and_base_sum_are_added_and_hold_until_they_are_set_anew()
    {
        var pack = Read("""[{"bn":"a","bv":10,"bs":100,"v":1,"s":2},{"n":"b","v":-1},{"n":"c","bv":0,"s":3},{"n":"d","v":-0.0}]""");
        Assert.Empty(pack.Faults);
        Assert.Equal(
            [("a", false, 11.0), ("a", true, 102), ("ab", false, 9), ("ac", true, 103), ("ad", false, 0)],
            pack.Values.Select(value => (value.Name, value.IsSum, value.Value.Number)));
        Assert.True(double.IsNegative(pack.Values[4].Value.Number));
    }

    [Fact]
    public void A_record_of_base_fields_alone_sets_the_scene_and_means_no_value()
    {
        var pack = Read("""[{"bn":"pump:","bu":"Cel","bver":10},{"n":"a","v":1},{"bu":"V"},{"n":"b","v":2,"note":{"by":[1,{}]}}]""");
        Assert.Empty(pack.Faults);
        Assert.Equal([(1, "pump:a", "Cel"), (3, "pump:b", "V")], pack.Values.Select(value => (value.Index, value.Name, value.Unit!)));
    }

    [Theory]
    [InlineData("""[{"n":"ok","v":1},{"v":1}]""", "record 1, n: is missing")]
    [InlineData("""[{"n":"ok","v":1},{}]""", "record 1, n: is missing")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a"}]""", "record 1, v: is missing")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","u":"Cel"}]""", "record 1, v: is missing")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1,"vb":true}]""", "record 1, vb: stands beside v")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":"1"}]""", "record 1, v: must be a number")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":null}]""", "record 1, v: must be a number")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1e999}]""", "record 1, v: is too large")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","bv":1e308,"v":1e308}]""", "record 1, v: is too large")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","vb":1}]""", "record 1, vb: must be true or false")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","vs":1}]""", "record 1, vs: must be text")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","s":true}]""", "record 1, s: must be a number")]
    [InlineData("""[{"n":"ok","v":1},{"n":5,"v":1}]""", "record 1, n: must be text")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a b","v":1}]""", "record 1, n: \"a b\" must begin with a letter")]
    [InlineData("""[{"n":"ok","v":1},{"n":":a","v":1}]""", "record 1, n: \":a\" must begin with a letter")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1,"t":"now"}]""", "record 1, t: must be a number")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1,"t":1e28}]""", "record 1, t: lies beyond")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1,"t":1e400}]""", "record 1, t: must be a number")]
    [InlineData("""[{"n":"ok","v":1},{"n":"a","v":1,"u":3}]""", "record 1, u: must be text")]
    public void What_spoils_one_record_costs_that_record(string json, string says)
    {
        var pack = Read(json);
        Assert.Equal("ok", Assert.Single(pack.Values).Name);
        Assert.StartsWith(says, Assert.Single(pack.Faults).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[", "not JSON")]
    [InlineData("[]x", "not JSON")]
    [InlineData("""[{"n":"a","v":1}""", "not JSON")]
    [InlineData("""[{"n":"a","v":NaN}]""", "not JSON")]
    [InlineData("""[{"n":"a\ud800","v":1}]""", "not JSON")]
    [InlineData("[[[[[[[[[1]]]]]]]]]", "record 0: is no object")]
    [InlineData("7", "record 0: a pack is an array")]
    [InlineData("""[{"n":"a","v":1},7]""", "record 1: is no object")]
    [InlineData("""[{"n":"a","v":1},{"n":"b","v":1,"v":2}]""", "record 1, v: stands twice")]
    [InlineData("""[{"n":"a","v":1},{"n":"b","v":1,"scale_":2}]""", "record 1: \"scale_\" must be understood")]
    [InlineData("""[{"bn":7,"n":"a","v":1}]""", "record 0, bn: must be text")]
    [InlineData("""[{"bu":7,"n":"a","v":1}]""", "record 0, bu: must be text")]
    [InlineData("""[{"bt":"now","n":"a","v":1}]""", "record 0, bt: must be a number")]
    [InlineData("""[{"bv":"x","n":"a","v":1}]""", "record 0, bv: must be a number")]
    [InlineData("""[{"bs":[],"n":"a","v":1}]""", "record 0, bs: must be a number")]
    [InlineData("""[{"bver":11,"n":"a","v":1}]""", "record 0, bver: is 11; this server understands versions up to 10")]
    [InlineData("""[{"bver":1.5,"n":"a","v":1}]""", "record 0, bver: must be a whole number")]
    [InlineData("""[{"bver":5,"n":"a","v":1},{"bver":6,"n":"a","v":1}]""", "record 1, bver: is 6 after records of version 5")]
    [InlineData("""[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]""", "record 1, bver: is 5 after records of version 10")]
    public void What_spoils_all_that_follows_refuses_the_pack_and_names_the_place(string json, string says)
    {
        var refusal = SenMLReader.ReadJson(Encoding.UTF8.GetBytes(json), Now).Refusal;
        Assert.StartsWith(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pack_at_its_bounds_is_taken_and_one_beyond_is_not()
    {
        static string Records(int count) => "[" + string.Join(',', Enumerable.Repeat("{\"n\":\"a\",\"v\":1}", count)) + "]";
        Assert.Equal(SenMLPack.RecordsMax, Read(Records(SenMLPack.RecordsMax)).Values.Count);
        Assert.Contains("more than 10000 records", SenMLReader.ReadJson(Encoding.UTF8.GetBytes(Records(SenMLPack.RecordsMax + 1)), Now).Refusal.Message, StringComparison.Ordinal);

        var name = new string('n', SenMLPack.NameCharsMax - 1);
        Assert.Equal(SenMLPack.NameCharsMax, Assert.Single(Read($"[{{\"bn\":\"{name}\",\"n\":\"a\",\"v\":1}}]").Values).Name.Length);
        Assert.Contains("longer than 256", Assert.Single(Read($"[{{\"bn\":\"{name}\",\"n\":\"ab\",\"v\":1}}]").Faults).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Cbor_is_taken_in_every_form_a_number_and_a_length_may_have()
    {
        var writer = new CborWriter(CborConformanceMode.Lax, allowMultipleRootLevelValues: false);
        writer.WriteTag(CborTag.SelfDescribeCbor);
        writer.WriteStartArray(null);
        Record(() => writer.WriteInt64(-7));
        Record(() => writer.WriteUInt64(ulong.MaxValue));
        Record(() => writer.WriteHalf((Half)0.5));
        Record(() => writer.WriteSingle(0.25f));
        Record(() => writer.WriteDouble(1e-300));
        Record(() => writer.WriteDecimal(12.345m));
        writer.WriteEndArray();

        var pack = SenMLReader.ReadCbor(writer.Encode(), Now).Value;
        Assert.Empty(pack.Faults);
        Assert.Equal([-7, ulong.MaxValue, 0.5, 0.25, 1e-300, 12.345], pack.Values.Select(value => value.Value.Number));

        void Record(Action value)
        {
            writer.WriteStartMap(null);
            writer.WriteInt32((int)SenMLField.Name);
            writer.WriteStartIndefiniteLengthTextString();
            writer.WriteTextString("a");
            writer.WriteTextString("b");
            writer.WriteEndIndefiniteLengthTextString();
            writer.WriteInt32(77);
            writer.WriteStartArray(1);
            writer.WriteNull();
            writer.WriteEndArray();
            writer.WriteTextString("note");
            writer.WriteByteString([1, 2]);
            writer.WriteInt32((int)SenMLField.Value);
            value();
            writer.WriteEndMap();
        }
    }

    [Theory]
    [InlineData("", "not CBOR")]
    [InlineData("81", "not CBOR")]
    [InlineData("9BFFFFFFFFFFFFFFFF", "not CBOR")]
    [InlineData("81A2006161027BFFFFFFFFFFFFFFFF", "not CBOR")]
    [InlineData("A2006161020100", "record 0: a pack is an array")]
    [InlineData("81A20061610201FF", "record 1: something stands behind the pack")]
    [InlineData("8101", "record 0: is no map")]
    [InlineData("81A200616100616202", "not CBOR")]
    [InlineData("81A1F601", "record 0: has a label that is neither")]
    [InlineData("81A30061610201627A5F01", "record 0: \"z_\" must be understood")]
    [InlineData("81A1184D818181818181818181818181818100", "not CBOR: a value is nested")]
    [InlineData("81A102C1C1C1C1C1C1C1C1C101", "not CBOR: more than")]
    public void Bad_cbor_is_refused_with_a_sentence(string hex, string says)
    {
        var refusal = SenMLReader.ReadCbor(Convert.FromHexString(hex), Now).Refusal;
        Assert.StartsWith(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Not_a_number_in_cbor_is_a_fault_of_its_record()
    {
        var pack = SenMLReader.ReadCbor(Convert.FromHexString("82A200616102F97E00A200616202F93C00"), Now).Value;
        Assert.Equal("record 0, v: is too large, or no number", Assert.Single(pack.Faults).ToString());
        Assert.Equal(MeasuredValue.Of(1.0), Assert.Single(pack.Values).Value);
    }

    [Fact]
    public void Every_unit_that_is_mapped_is_one_of_UCUM()
    {
        Assert.All(SenMLUnits.All, pair => Assert.True(Ucum.Parse(pair.Value).IsOk, $"{pair.Key} → {pair.Value}"));
        Assert.Equal(("Cel", "%", "1", null), (SenMLUnits.ToUcum("Cel"), SenMLUnits.ToUcum("%RH"), SenMLUnits.ToUcum("%"), SenMLUnits.ToUcum("parsec")));
    }

    /// <summary>RFC 8798, section 3: the value in the primary unit is that in the secondary one, times the scale, plus the offset.</summary>
    [Theory]
    [InlineData("ms", "s", 0.001)]
    [InlineData("min", "s", 60)]
    [InlineData("h", "s", 3600)]
    [InlineData("MHz", "Hz", 1e6)]
    [InlineData("kW", "W", 1000)]
    [InlineData("kVA", "VA", 1000)]
    [InlineData("kvar", "var", 1000)]
    [InlineData("Ah", "C", 3600)]
    [InlineData("Wh", "J", 3600)]
    [InlineData("kWh", "J", 3.6e6)]
    [InlineData("varh", "vars", 3600)]
    [InlineData("kvarh", "vars", 3.6e6)]
    [InlineData("kVAh", "VAs", 3.6e6)]
    [InlineData("Wh/km", "J/m", 3.6)]
    [InlineData("KiB", "B", 1024)]
    [InlineData("GB", "B", 1e9)]
    [InlineData("Mbit/s", "bit/s", 1e6)]
    [InlineData("B/s", "bit/s", 8)]
    [InlineData("MB/s", "bit/s", 8e6)]
    [InlineData("mV", "V", 0.001)]
    [InlineData("mA", "A", 0.001)]
    [InlineData("dBm", "dBW", 1, -30)]
    [InlineData("ug/m3", "kg/m3", 1e-9)]
    [InlineData("mm/h", "m/s", 1 / 3_600_000.0)]
    [InlineData("m/h", "m/s", 1 / 3600.0)]
    [InlineData("ppm", "/", 1e-6)]
    [InlineData("/100", "/", 0.01)]
    [InlineData("/1000", "/", 0.001)]
    [InlineData("hPa", "Pa", 100)]
    [InlineData("mm", "m", 0.001)]
    [InlineData("cm", "m", 0.01)]
    [InlineData("km", "m", 1000)]
    [InlineData("km/h", "m/s", 1 / 3.6)]
    public void Secondary_units_convert_as_the_standard_says(string secondary, string primary, double scale, double offset = 0)
    {
        var (from, to) = (Ucum.Parse(SenMLUnits.ToUcum(secondary)!).Value, Ucum.Parse(SenMLUnits.ToUcum(primary)!).Value);
        foreach (var value in new[] { 0, 1, 12.5, -40 })
        {
            Assert.Equal((value * scale) + offset, from.To(to, value + SenMLUnits.OffsetOf(secondary)), 1e-12 * Math.Abs(value * scale) + 1e-18);
        }
    }

    private static SenMLPack Read(string json) => SenMLReader.ReadJson(Encoding.UTF8.GetBytes(json), Now).Value;
}
