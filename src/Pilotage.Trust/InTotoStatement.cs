using System.Buffers;
using System.Text.Json;

namespace Pilotage.Trust;

/// <summary>An in-toto statement, version 1: what is claimed (predicate) about which bytes (subjects by digest).</summary>
public sealed record InTotoStatement(IReadOnlyList<InTotoSubject> Subjects, string PredicateType, JsonElement Predicate)
{
    /// <summary>The DSSE payload type of every in-toto statement.</summary>
    public const string PayloadType = "application/vnd.in-toto+json";
    private const string StatementType = "https://in-toto.io/Statement/v1";
    private const int DepthMax = 64;

    /// <summary>The canonical bytes, ready to be signed.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", StatementType);
            writer.WriteStartArray("subject");
            foreach (var subject in Subjects)
            {
                writer.WriteStartObject();
                writer.WriteString("name", subject.Name);
                writer.WriteStartObject("digest");
                writer.WriteString("sha256", subject.Digest.Hex);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("predicateType", PredicateType);
            writer.WritePropertyName("predicate");
            Predicate.WriteTo(writer);
            writer.WriteEndObject();
        }

        return CanonicalJson.OfText(buffer.WrittenSpan).Value;
    }

    /// <summary>Signs the statement with one key.</summary>
    public DsseEnvelope Sign(SigningKey key) => Dsse.Sign(PayloadType, ToBytes(), key);

    /// <summary>Verifies an envelope and reads the statement out of the verified bytes.</summary>
    public static Outcome<InTotoStatement> Verify(
        DsseEnvelope envelope, IReadOnlyCollection<PublicKey> trusted, int threshold, string predicateType) =>
        Dsse.Verify(envelope, trusted, threshold, PayloadType).Then(Read).Then(statement =>
            statement.PredicateType == predicateType
                ? (Outcome<InTotoStatement>)statement
                : new Refusal("trust.predicate_type", $"The statement claims \"{statement.PredicateType}\", not \"{predicateType}\"."));

    /// <summary>Reads a statement out of bytes that were verified before.</summary>
    public static Outcome<InTotoStatement> Read(byte[] verified)
    {
        try
        {
            using var document = JsonDocument.Parse(verified, new JsonDocumentOptions { MaxDepth = DepthMax });
            var root = document.RootElement;
            if (root.GetProperty("_type").GetString() != StatementType)
            {
                return Malformed($"_type is not {StatementType}");
            }

            var subjects = new List<InTotoSubject>();
            foreach (var subject in root.GetProperty("subject").EnumerateArray())
            {
                if (!Digest.TryParse("sha256:" + subject.GetProperty("digest").GetProperty("sha256").GetString(), out var digest))
                {
                    return Malformed("a subject's sha256 is not 64 hex digits");
                }

                subjects.Add(new InTotoSubject(subject.GetProperty("name").GetString() ?? "", digest));
            }

            var type = root.GetProperty("predicateType").GetString() ?? "";
            return new InTotoStatement(subjects, type, root.GetProperty("predicate").Clone());
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Malformed(failure.Message);
        }
    }

    private static Refusal Malformed(string why) => new("trust.statement_malformed", $"Not an in-toto statement: {why}");
}

/// <summary>Something a statement is about, by the digest of its bytes.</summary>
public sealed record InTotoSubject(string Name, Digest Digest);
