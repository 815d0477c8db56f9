using System.Globalization;
using System.Text;
using Pilotage.Protocols;
using Pilotage.Protocols.SenML;
using Xunit;

namespace Pilotage.Tests.Protocols.SenML;

/// <summary>The examples of RFC 8428, sections 5.1 and 6.</summary>
public sealed class RfcExampleTests
{
    private const long Second = 1_000_000_000;
    private const long Now = 1_790_000_000 * Second;

    [Fact]
    public void Single_data_point_5_1_1() => Assert.Equal(
        ["urn:dev:ow:10e2073a01080063 Cel +0 23.1"],
        Read("""[ {"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1} ]"""));

    [Fact]
    public void Multiple_data_points_5_1_2() => Assert.Equal(
        ["urn:dev:ow:10e2073a01080063:voltage V +0 120.1", "urn:dev:ow:10e2073a01080063:current A +0 1.2"],
        Read(
            """
            [
              {"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
              {"n":"current","u":"A","v":1.2}
            ]
            """));

    [Fact]
    public void Multiple_data_points_with_base_time_5_1_2()
    {
        var pack = SenMLReader.ReadJson(Voltage, Now).Value;
        Assert.Empty(pack.Faults);
        Assert.Equal(Enumerable.Repeat("V", 1).Concat(Enumerable.Repeat("A", 6)), pack.Values.Select(value => value.Unit));

        // 1.276020076001e+09, and the seconds before it, to the millisecond.
        Assert.Equal(
            [1_276_020_076_001, 1_276_020_071_001, 1_276_020_072_001, 1_276_020_073_001, 1_276_020_074_001, 1_276_020_075_001, 1_276_020_076_001],
            pack.Values.Select(value => value.TimeNs / 1_000_000));
        Assert.All(pack.Values, value => Assert.Equal(0, value.TimeNs % 1_000_000));
        Assert.Equal([120.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7], pack.Values.Select(value => value.Value.Number));
        Assert.Equal("urn:dev:ow:10e2073a0108006:current", pack.Values[6].Name);
    }

    [Fact]
    public void Multiple_measurements_5_1_3()
    {
        var pack = SenMLReader.ReadJson(
            """
            [
              {"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
              {"u":"lon","v":24.30621},
              {"u":"lat","v":60.07965},
              {"t":60,"v":20.3},
              {"u":"lon","t":60,"v":24.30622},
              {"u":"lat","t":60,"v":60.07965},
              {"t":120,"v":20.7},
              {"u":"lon","t":120,"v":24.30623},
              {"u":"lat","t":120,"v":60.07966},
              {"u":"%EL","t":150,"v":98},
              {"t":180,"v":21.2},
              {"u":"lon","t":180,"v":24.30628},
              {"u":"lat","t":180,"v":60.07967}
            ]
            """u8,
            Now).Value;
        Assert.Empty(pack.Faults);
        Assert.Equal(["%RH", "lon", "lat", "%RH", "lon", "lat", "%RH", "lon", "lat", "%EL", "%RH", "lon", "lat"], pack.Values.Select(value => value.Unit));
        Assert.Equal([0, 0, 0, 60, 60, 60, 120, 120, 120, 150, 180, 180, 180], pack.Values.Select(value => (value.TimeNs / Second) - 1_320_067_464));
        Assert.All(pack.Values, value => Assert.Equal("urn:dev:ow:10e2073a01080063", value.Name));
    }

    [Fact]
    public void Resolved_data_5_1_4_reads_as_what_it_was_resolved_from() => Assert.Equal(
        SenMLReader.ReadJson(Voltage, Now).Value.Values,
        SenMLReader.ReadJson(
            """
            [
              {"n":"urn:dev:ow:10e2073a0108006:voltage","u":"V","t":1.276020076001e+09,"v":120.1,"bver":5},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020071001e+09,"v":1.2},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020072001e+09,"v":1.3},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020073001e+09,"v":1.4},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020074001e+09,"v":1.5},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020075001e+09,"v":1.6},
              {"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1.276020076001e+09,"v":1.7}
            ]
            """u8,
            Now).Value.Values);

    [Fact]
    public void Multiple_data_types_5_1_5()
    {
        var pack = SenMLReader.ReadJson(
            """
            [
              {"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
              {"n":"label","vs":"Machine Room"},
              {"n":"open","vb":false},
              {"n":"nfc-reader","vd":"aGkgCg"}
            ]
            """u8,
            Now).Value;
        Assert.Equal([MeasuredValue.Of(23.1), MeasuredValue.Of("Machine Room"), MeasuredValue.Of(false)], pack.Values.Select(value => value.Value));
        Assert.Equal("record 3, vd: holds bytes, which are no value of a series", Assert.Single(pack.Faults).ToString());
    }

    [Fact]
    public void Collection_of_resources_5_1_6() => Assert.Equal(
        [
            "2001:db8::2/temperature Cel 1320078429 27.2", "2001:db8::2/humidity %RH 1320078429 80",
            "2001:db8::1/temperature Cel 1320078429 12.3", "2001:db8::1/humidity %RH 1320078429 67",
        ],
        Read(
            """
            [
              {"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":27.2},
              {"n":"humidity","u":"%RH","v":80},
              {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
              {"n":"humidity","u":"%RH","v":67}
            ]
            """));

    [Fact]
    public void Setting_an_actuator_5_1_7() => Assert.Equal(
        ["urn:dev:ow:10e2073a01080063:open  +0 True", "urn:dev:ow:10e2073a01080063:level / +0 0.5"],
        Read(
            """
            [
              {"bn":"urn:dev:ow:10e2073a01080063:"},
              {"n":"open","vb":true},
              {"n":"level","u":"/","v":0.5}
            ]
            """));

    [Fact]
    public void Cbor_of_section_6_is_the_same_pack()
    {
        var pack = SenMLReader.ReadCbor(Convert.FromHexString(VoltageCbor), Now).Value;
        Assert.Empty(pack.Faults);

        // In CBOR the base time is a double, and so as exact as a microsecond.
        var json = SenMLReader.ReadJson(Voltage, Now).Value;
        Assert.Equal(json.Values, pack.Values);
    }

    /// <summary>The pack of section 6, byte by byte as the RFC prints it.</summary>
    internal const string VoltageCbor =
        "87" +
        "A7" + "21" + "781B" + "75726E3A6465763A6F773A3130653230373361303130383030363A" +
        "22" + "FB41D303A15B001062" + "23" + "6141" + "20" + "05" + "00" + "67766F6C74616765" + "01" + "6156" + "02" + "FB405E066666666666" +
        "A3" + "00" + "6763757272656E74" + "06" + "24" + "02" + "FB3FF3333333333333" +
        "A3" + "00" + "6763757272656E74" + "06" + "23" + "02" + "FB3FF4CCCCCCCCCCCD" +
        "A3" + "00" + "6763757272656E74" + "06" + "22" + "02" + "FB3FF6666666666666" +
        "A3" + "00" + "6763757272656E74" + "06" + "21" + "02" + "F93E00" +
        "A3" + "00" + "6763757272656E74" + "06" + "20" + "02" + "FB3FF999999999999A" +
        "A3" + "00" + "6763757272656E74" + "06" + "00" + "02" + "FB3FFB333333333333";

    internal static byte[] Voltage { get; } = Encoding.UTF8.GetBytes(
        """
        [
          {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
          {"n":"current","t":-5,"v":1.2},
          {"n":"current","t":-4,"v":1.3},
          {"n":"current","t":-3,"v":1.4},
          {"n":"current","t":-2,"v":1.5},
          {"n":"current","t":-1,"v":1.6},
          {"n":"current","v":1.7}
        ]
        """);

    private static List<string> Read(string json)
    {
        var pack = SenMLReader.ReadJson(Encoding.UTF8.GetBytes(json), Now).Value;
        Assert.Empty(pack.Faults);
        return [.. pack.Values.Select(Show)];
    }

    private static string Show(SenMLValue value)
    {
        var time = value.TimeNs > Now - Second ? $"+{(value.TimeNs - Now) / Second}" : $"{value.TimeNs / Second}";
        var shown = value.Value.Kind == MeasuredKind.Truth ? $"{value.Value.Truth}" : value.Value.Number.ToString(CultureInfo.InvariantCulture);
        return $"{value.Name} {value.Unit} {time} {shown}";
    }
}
