using System.Text;
using Pilotage.Protocols.SenML;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Protocols.SenML;

/// <summary>P10 in process: mutated packs are answered, never thrown at, and cost no more than they are long.</summary>
public sealed class FuzzTests
{
    private const long Now = 1_790_000_000_000_000_000;
    private const long AllocationMax = 128 * 1024;
    private static readonly int Rounds = TestSize.Count(500_000, 10_000_000);

    [Fact]
    public void Mutated_packs_in_json() => Fuzz(
        1,
        [
            RfcExampleTests.Voltage, Utf8("""[{"bn":"urn:dev:ow:1:","n":"temp","u":"Cel","v":23.1},{"n":"label","vs":"Machine Room"},{"n":"open","vb":false},{"n":"x","vd":"aGkgCg"}]"""),
            Utf8("""[{"bn":"a","bv":10,"bs":1e2,"s":2,"bver":10},{"n":"b","v":-1,"t":-3,"ut":9,"more":{"a":[1,2]}}]"""), Utf8("""{"n":"a","v":1}"""),
        ],
        Utf8("\"\\{}[],:_-+.eE0129 nvtbsu"),
        bytes => SenMLReader.ReadJson(bytes, Now).IsOk);

    [Fact]
    public void Mutated_packs_in_cbor() => Fuzz(
        2,
        [
            Convert.FromHexString(RfcExampleTests.VoltageCbor), Convert.FromHexString("82A200616102F97E00A200616202F93C00"),
            Convert.FromHexString("9FBF007F61616162FF184D81F6646E6F7465420102020AFFFF"), Convert.FromHexString("D9D9F781A50061610604051863046002C482211904D2"[..40]),
        ],
        Convert.FromHexString("00202122232425187818791A1B3B5B7B9B9FBFDFF4F5F6F7F9FAFBFFA0A18081C0C4"),
        bytes => SenMLReader.ReadCbor(bytes, Now).IsOk);

    private static void Fuzz(int number, byte[][] seeds, byte[] telling, Func<byte[], bool> read)
    {
        var seed = (TestSize.Seed * 2) + number;
        var hostile = new HostileBytes(new Random(seed), seeds, telling);
        var good = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = hostile.Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                good += read(bytes) ? 1 : 0;
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}, round {round}: {failure} for {Convert.ToHexString(bytes)}");
            }

            var cost = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(cost < AllocationMax, $"seed {seed}, round {round}: {cost} bytes for {Convert.ToHexString(bytes)}");
        }

        // Both must occur often, or the fuzzer has lost its teeth.
        Assert.InRange(good, Rounds / 20, Rounds * 9 / 10);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
