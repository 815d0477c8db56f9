using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary>The lives of the devices a use case is bound to: from first stored point to recorded stop.</summary>
internal sealed class Lives(IFleet fleet, IDomainEvents events, TimeSeriesStore store)
{
    private const long HourNs = 3_600_000_000_000;

    /// <summary>Devices the use case is about, by its binding.</summary>
    public IReadOnlyList<Device> Bound(UseCase useCase) =>
        fleet.List(useCase.Tenant, new DeviceQuery { PathPattern = useCase.Definition.Bind, Thing = useCase.Definition.Thing });

    /// <summary>Lives that have ended, ordered by device. A device's last stop counts; a correction comes as a later stop.</summary>
    public IReadOnlyList<UnitLife> Ended(UseCase useCase)
    {
        var stops = events.Read(useCase.Tenant, "stop").GroupBy(stop => stop.Device).ToDictionary(group => group.Key, group => group.Last());
        var lives = new List<UnitLife>();
        foreach (var device in Bound(useCase).OrderBy(device => device.Id.Value, StringComparer.Ordinal))
        {
            if (stops.TryGetValue(device.Id, out var stop) && FirstPoint(useCase.Tenant, device.Id) is { } first && stop.TimeNs >= first)
            {
                var cycles = (int)((stop.TimeNs - first + (HourNs / 2)) / HourNs) + 1;
                lives.Add(new(device.Id.Value, first, stop.TimeNs, cycles, Flag(stop.Data, "planned"), Number(stop.Data, "hours")));
            }
        }

        return lives;
    }

    /// <summary>The digest of every stored point and stop of these lives: any later edit of either shows.</summary>
    public Digest DigestOf(TenantId tenant, IReadOnlyList<UnitLife> lives)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> time = stackalloc byte[sizeof(long)];
        foreach (var life in lives)
        {
            Add($"{life.Device}|{life.StopNs}|{life.Planned}|{life.Hours:R}");
            foreach (var key in store.Series(tenant, new DeviceId(life.Device)).Where(key => !key.Property.Contains('@', StringComparison.Ordinal)).OrderBy(key => key.Property, StringComparer.Ordinal))
            {
                Add(key.Property);
                foreach (var point in store.ReadTyped(key, life.FirstNs, life.StopNs))
                {
                    BinaryPrimitives.WriteInt64BigEndian(time, point.TimeNs);
                    hash.AppendData(time);
                    point.Value.AddTo(hash);
                }
            }
        }

        return Digest.FromHash(hash.GetHashAndReset());

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
    }

    private long? FirstPoint(TenantId tenant, DeviceId device)
    {
        long? first = null;
        foreach (var key in store.Series(tenant, device))
        {
            var statistics = store.Statistics(key);
            first = statistics.Count == 0 ? first : Math.Min(first ?? long.MaxValue, statistics.FirstNs);
        }

        return first;
    }

    private static bool Flag(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static double Number(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;
}
