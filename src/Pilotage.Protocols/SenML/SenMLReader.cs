using System.Formats.Cbor;
using System.Text.Json;
using Pilotage.Core;

namespace Pilotage.Protocols.SenML;

/// <summary>Reads packs of SenML in JSON and CBOR (RFC 8428).</summary>
/// <remarks>Never throws on bad bytes; what a pack can cost is bounded by its length and by <see cref="SenMLPack"/>.</remarks>
public static class SenMLReader
{
    internal const int DepthMax = 8;

    /// <summary>Reads JSON: an array of records, or one record by itself, which the standard has not and devices send.</summary>
    /// <param name="payload">As it came.</param>
    /// <param name="nowNs">What times below 2^28 seconds are relative to.</param>
    public static Outcome<SenMLPack> ReadJson(ReadOnlySpan<byte> payload, long nowNs)
    {
        var resolver = new SenMLResolver(nowNs);
        try
        {
            var json = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            return SenMLJson.Read(ref json, resolver) ? resolver.Pack : resolver.Refused!;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The second is what text with half a surrogate pair or bytes beyond UTF-8 ends in.
            return Bad($"not JSON: {Words(failure)}");
        }
    }

    /// <summary>Reads CBOR: an array of maps, of definite or indefinite length.</summary>
    /// <param name="payload">As it came.</param>
    /// <param name="nowNs">What times below 2^28 seconds are relative to.</param>
    public static Outcome<SenMLPack> ReadCbor(ReadOnlyMemory<byte> payload, long nowNs)
    {
        var resolver = new SenMLResolver(nowNs);
        try
        {
            return SenMLCbor.Read(new CborReader(payload, CborConformanceMode.Strict), resolver) ? resolver.Pack : resolver.Refused!;
        }
        catch (Exception failure) when (failure is CborContentException or InvalidOperationException or OverflowException or FormatException)
        {
            return Bad($"not CBOR: {failure.Message}");
        }
    }

    internal static Refusal Bad(string why) => new("senml.malformed", why);

    private static string Words(Exception failure)
    {
        var end = failure.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? failure.Message : failure.Message[..end];
    }
}
