using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Rollouts;

/// <summary>One rollout as kept: the plan, which never changes, and where it stands.</summary>
internal sealed record StoredRollout(TenantId Tenant, RolloutPlan Plan, RolloutState State, long CreatedNs, long? EndedNs);

/// <summary>One line of a timeline.</summary>
internal sealed record TimelineEntry(long AtNs, string? Device, string What, string Cause);

/// <summary>The SQL of rollouts. What one step of a machine changed is written in one transaction.</summary>
internal sealed class RolloutStore(ICatalogue catalogue)
{
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    public void Add(StoredRollout rollout) => catalogue.Write((connection, _) => connection.Execute(
        """
        INSERT INTO rollouts_rollouts (tenant, rollout, release, use_case, plan, state, status, created_ns)
        VALUES ($tenant, $rollout, $release, $useCase, $plan, $state, $status, $created)
        """,
        ("$tenant", rollout.Tenant.Value), ("$rollout", rollout.Plan.Rollout), ("$release", rollout.Plan.Release), ("$useCase", rollout.Plan.UseCase),
        ("$plan", JsonSerializer.Serialize(rollout.Plan, Json)), ("$state", JsonSerializer.Serialize(rollout.State, Json)),
        ("$status", rollout.State.Status.ToString()), ("$created", rollout.CreatedNs)));

    public IReadOnlyList<StoredRollout> All() => catalogue.Read(connection => connection.Query(
        "SELECT tenant, plan, state, created_ns, ended_ns FROM rollouts_rollouts ORDER BY created_ns",
        row => new StoredRollout(
            new TenantId(row.GetString(0)),
            JsonSerializer.Deserialize<RolloutPlan>(row.GetString(1), Json)!,
            JsonSerializer.Deserialize<RolloutState>(row.GetString(2), Json)!,
            row.GetInt64(3),
            row.LongOrNull(4))));

    /// <summary>Writes down what a step changed: state, timeline, challenges and primaries together.</summary>
    public void Keep(TenantId tenant, RolloutPlan plan, RolloutState state, IReadOnlyList<RolloutOutput> outputs, long nowNs, bool ended) =>
        catalogue.Write((connection, _) =>
        {
            connection.Execute(
                "UPDATE rollouts_rollouts SET state = $state, status = $status, ended_ns = COALESCE(ended_ns, $ended) WHERE tenant = $tenant AND rollout = $rollout",
                ("$state", JsonSerializer.Serialize(state, Json)), ("$status", state.Status.ToString()), ("$ended", ended ? nowNs : null),
                ("$tenant", tenant.Value), ("$rollout", plan.Rollout));
            foreach (var output in outputs)
            {
                Keep(connection, tenant, plan, output, nowNs);
            }

            return outputs.Count;
        });

    public IReadOnlyList<TimelineEntry> Timeline(TenantId tenant, string rollout, int limit) => catalogue.Read(connection => connection.Query(
        "SELECT at_ns, device, what, cause FROM rollouts_timeline WHERE tenant = $tenant AND rollout = $rollout ORDER BY sequence DESC LIMIT $limit",
        row => new TimelineEntry(row.GetInt64(0), row.TextOrNull(1), row.GetString(2), row.GetString(3)),
        ("$tenant", tenant.Value), ("$rollout", rollout), ("$limit", limit)));

    /// <summary>Which release should speak for each of these devices, by use case.</summary>
    public IReadOnlyList<(string Device, string UseCase, string Release)> Primaries(TenantId tenant) => catalogue.Read(connection => connection.Query(
        "SELECT device, use_case, release FROM rollouts_primaries WHERE tenant = $tenant",
        row => (row.GetString(0), row.GetString(1), row.GetString(2)), ("$tenant", tenant.Value)));

    public IReadOnlyDictionary<(string Edge, string Release), string> Challenges(TenantId tenant) => catalogue.Read(connection => connection.Query(
        "SELECT edge, release, challenge FROM rollouts_challenges WHERE tenant = $tenant",
        row => (Key: (row.GetString(0), row.GetString(1)), Challenge: row.GetString(2)), ("$tenant", tenant.Value)))
        .ToDictionary(item => item.Key, item => item.Challenge);

    /// <summary>The version of an edge's desired state with this content: the one it has, or the next.</summary>
    public (long Version, bool Changed) DesiredVersion(TenantId tenant, string edge, Digest content)
    {
        var known = catalogue.Read(connection => connection.QueryFirst(
            "SELECT version, digest FROM rollouts_desired WHERE tenant = $tenant AND edge = $edge",
            row => (Version: row.GetInt64(0), Digest: row.GetString(1)), ("$tenant", tenant.Value), ("$edge", edge)));
        if (known.Digest == content.ToString())
        {
            return (known.Version, false);
        }

        catalogue.Write((connection, _) => connection.Execute(
            """
            INSERT INTO rollouts_desired (tenant, edge, version, digest) VALUES ($tenant, $edge, $version, $digest)
            ON CONFLICT (tenant, edge) DO UPDATE SET version = excluded.version, digest = excluded.digest
            """,
            ("$tenant", tenant.Value), ("$edge", edge), ("$version", known.Version + 1), ("$digest", content.ToString())));
        return (known.Version + 1, true);
    }

    private static void Keep(SqliteConnection connection, TenantId tenant, RolloutPlan plan, RolloutOutput output, long nowNs)
    {
        switch (output)
        {
            case RolloutOutput.Offer offer:
                connection.Execute(
                    """
                    INSERT INTO rollouts_challenges (tenant, edge, release, challenge) VALUES ($tenant, $edge, $release, $challenge)
                    ON CONFLICT (tenant, edge, release) DO UPDATE SET challenge = excluded.challenge
                    """,
                    ("$tenant", tenant.Value), ("$edge", offer.Edge), ("$release", plan.Release), ("$challenge", offer.Challenge));
                break;
            case RolloutOutput.Promote promote:
                connection.Execute(
                    """
                    INSERT INTO rollouts_primaries (tenant, device, use_case, release, since_ns) VALUES ($tenant, $device, $useCase, $release, $since)
                    ON CONFLICT (tenant, device, use_case) DO UPDATE SET release = excluded.release, since_ns = excluded.since_ns
                    """,
                    ("$tenant", tenant.Value), ("$device", promote.Device), ("$useCase", plan.UseCase), ("$release", plan.Release), ("$since", nowNs));
                Tell(connection, tenant, plan, promote.Device, "promoted", "the rollout is completed", nowNs);
                break;
            case RolloutOutput.Moved moved:
                Tell(connection, tenant, plan, moved.Device, $"{moved.From} → {moved.To}", moved.Cause, nowNs);
                break;
            case RolloutOutput.Status status:
                Tell(connection, tenant, plan, null, $"{status.To}, wave {status.Wave + 1}", status.Cause, nowNs);
                break;
            default:
                break;
        }
    }

    private static void Tell(SqliteConnection connection, TenantId tenant, RolloutPlan plan, string? device, string what, string cause, long nowNs) =>
        connection.Execute(
            """
            INSERT INTO rollouts_timeline (tenant, rollout, sequence, at_ns, device, what, cause)
            SELECT $tenant, $rollout, COALESCE(MAX(sequence), 0) + 1, $at, $device, $what, $cause
            FROM rollouts_timeline WHERE tenant = $tenant AND rollout = $rollout
            """,
            ("$tenant", tenant.Value), ("$rollout", plan.Rollout), ("$at", nowNs), ("$device", device), ("$what", what), ("$cause", cause));
}
