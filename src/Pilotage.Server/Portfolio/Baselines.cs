using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Portfolio;

/// <summary>Frozen baselines: written once, signed, and checked against signature and data whenever they are read.</summary>
internal sealed class Baselines(ICatalogue catalogue, IServerKeys keys)
{
    /// <summary>Freezes; a second time is refused, because a baseline that can be replaced proves nothing.</summary>
    public Outcome<FrozenBaseline> Freeze(TenantId tenant, BaselineDocument document, long nowNs)
    {
        var element = JsonSerializer.SerializeToElement(document, Json.Web);
        var canonical = CanonicalJson.Of(element);
        var digest = Digest.Of(canonical);
        if (!Digest.TryParse(document.Data, out var data))
        {
            throw new UnreachableException("A baseline names its data by digest.");
        }

        var envelope = new InTotoStatement([new(document.UseCase, data)], BaselineDocument.PredicateType, element).Sign(keys.Signing);
        var added = catalogue.Write((connection, _) => connection.Execute(
            """
            INSERT INTO portfolio_baselines (tenant, use_case, digest, document, envelope, frozen_ns)
            VALUES ($tenant, $id, $digest, $document, $envelope, $now) ON CONFLICT DO NOTHING
            """,
            ("$tenant", tenant.Value),
            ("$id", document.UseCase),
            ("$digest", digest.ToString()),
            ("$document", Encoding.UTF8.GetString(canonical)),
            ("$envelope", Encoding.UTF8.GetString(envelope.ToJson())),
            ("$now", nowNs)));
        return added == 1
            ? new FrozenBaseline(document, digest, nowNs)
            : new Refusal("baseline.exists", $"The baseline of {document.UseCase} is frozen already; it is never edited and never replaced.");
    }

    /// <summary>The baseline, if it is there and still what was signed; the refusal says what does not fit.</summary>
    public Outcome<FrozenBaseline> Read(TenantId tenant, string useCase)
    {
        var row = catalogue.Read(connection => connection.QueryFirst(
            "SELECT digest, document, envelope, frozen_ns FROM portfolio_baselines WHERE tenant = $tenant AND use_case = $id",
            ToRow,
            ("$tenant", tenant.Value), ("$id", useCase)));
        if (row is null)
        {
            return new Refusal("baseline.not_found", $"The baseline of {useCase} is not frozen yet.");
        }

        if (Digest.Of(Encoding.UTF8.GetBytes(row.Document)).ToString() != row.Digest)
        {
            return Tampered(useCase, "its text does not match its digest");
        }

        var verified = DsseEnvelope.Parse(Encoding.UTF8.GetBytes(row.Envelope))
            .Then(envelope => InTotoStatement.Verify(envelope, [keys.Signing.Public], 1, BaselineDocument.PredicateType));
        if (!verified.TryGet(out var statement, out var refusal))
        {
            return Tampered(useCase, refusal.Message);
        }

        return Digest.Of(CanonicalJson.Of(statement.Predicate)).ToString() == row.Digest
            ? new FrozenBaseline(statement.Predicate.Deserialize<BaselineDocument>(Json.Web)!, Digest.Of(CanonicalJson.Of(statement.Predicate)), row.FrozenNs)
            : Tampered(useCase, "its text is not the one that was signed");
    }

    private static Refusal Tampered(string useCase, string why) =>
        new("baseline.altered", $"The frozen baseline of {useCase} was altered after it was signed: {why}. No value is computed against it.");

    private static Row ToRow(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3));

    private sealed record Row(string Digest, string Document, string Envelope, long FrozenNs);
}

/// <summary>A baseline whose signature was checked.</summary>
public sealed record FrozenBaseline(BaselineDocument Document, Digest Digest, long FrozenNs);
