using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Devices;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Messages as the senders know them against rows as the store returns them, value by value.</summary>
internal sealed record MessageAccount(long Sent, long Acked, long Stored, long Missing, long Duplicate, long Altered)
{
    private const int PointsMax = 20_000;

    public static async Task<MessageAccount> TakeAsync(DemoWorld world, CancellationToken cancellation)
    {
        long stored = 0, missing = 0, duplicate = 0, altered = 0;
        var lines = Read.Rows(await world.Api.GetAsync("api/v1/messages/account", cancellation), "items").ToDictionary(line => Read.Text(line, "device"), StringComparer.Ordinal);
        foreach (var device in world.Told)
        {
            var told = device.Cycles();
            if (!lines.TryGetValue(device.Id, out var line))
            {
                missing += told;
                continue;
            }

            var messages = (long)(Read.Number(line, "messages") ?? 0);
            stored += messages;
            missing += Math.Max(0, told - messages);
            // Rows nobody sent count with those stored twice: both are rows too many.
            duplicate += Math.Max(0, messages - told) + (long)(Read.Number(line, "overwritten") ?? 0);
            if (Read.Text(line, "digest") != DigestOf(device, told, world.Fleet.Properties))
            {
                altered += await AlteredAsync(world, device, told, cancellation);
            }
        }

        return new(world.Messages.Sent, world.Messages.Acked, stored, missing, duplicate, altered);
    }

    public JsonObject ToJson() => new()
    {
        ["sent"] = Sent,
        ["acked"] = Acked,
        ["stored"] = Stored,
        ["missing"] = Missing,
        ["duplicate"] = Duplicate,
        ["altered"] = Altered,
    };

    /// <summary>The server's digest of a device's messages, made from what was sent: time, then each property by name and its bits.</summary>
    internal static string DigestOf(ToldDevice device, int cycles, IReadOnlyList<string> properties)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var columns = properties.Select((name, at) => (Name: name, At: at)).OrderBy(column => column.Name, StringComparer.Ordinal)
            .Select(column => (Name: Encoding.UTF8.GetBytes(column.Name + '\0'), column.At)).ToList();
        Span<byte> number = stackalloc byte[sizeof(long)];
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            BinaryPrimitives.WriteInt64BigEndian(number, ReplayedDevice.At(cycle).ToUnixTimeMilliseconds() * 1_000_000);
            hash.AppendData(number);
            foreach (var (name, at) in columns)
            {
                hash.AppendData(name);
                BinaryPrimitives.WriteDoubleBigEndian(number, device.Unit.Rows[cycle - 1][at]);
                hash.AppendData(number);
            }
        }

        return $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    /// <summary>How many cycles differ, where the digest says that one does; a missing one is not counted again.</summary>
    private static async Task<long> AlteredAsync(DemoWorld world, ToldDevice device, int told, CancellationToken cancellation)
    {
        var different = new HashSet<int>();
        for (var column = 0; column < world.Fleet.Properties.Count; column++)
        {
            var series = await world.Api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device.Id)}/series/{world.Fleet.Properties[column]}?points={PointsMax}", cancellation);
            foreach (var point in Read.Rows(series, "points").OfType<JsonArray>())
            {
                var at = DateTimeOffset.FromUnixTimeMilliseconds((long)point[0]!.GetValue<double>());
                var cycle = (int)Math.Round((at - ReplayedDevice.T0).TotalHours);
                if (cycle >= 1 && cycle <= told && !point[1]!.GetValue<double>().Equals(device.Unit.Rows[cycle - 1][column]))
                {
                    different.Add(cycle);
                }
            }
        }

        return different.Count;
    }
}
