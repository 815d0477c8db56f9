using System.Globalization;
using System.Text;
using Pilotage.Load.Series;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;

namespace Pilotage.Load.Edge;

/// <summary>What a point of recorded data takes on the way from an edge to the server, beside the same messages as JSON in MQTT from the devices themselves; both over TLS, counted at the sender's socket.</summary>
internal static class EdgeBench
{
    private const int Window = 256;

    /// <summary>
    /// The folders below <c>--data DIR</c>, all that have tables or <c>--sets a,b</c>: <c>--points</c> of each at most (200,000), a device for each table, rows as fast as they are acknowledged.
    /// Each set twice: on a link that is there, and on one that comes back when all is in the buffer. <c>--linger SECONDS</c> (0.25), <c>--program FILE</c>.
    /// </summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var data = arguments.Get("data", "");
        if (!Directory.Exists(data))
        {
            await Console.Error.WriteLineAsync("bench: --data DIR is missing: a folder with a folder of tables (CSV or text, gzipped or not) for each set");
            return [];
        }

        if (await BenchTools.ProgramAsync(arguments) is not { } program)
        {
            return [];
        }

        var most = int.Parse(arguments.Get("points", "200000"), CultureInfo.InvariantCulture);
        var linger = double.Parse(arguments.Get("linger", "0.25"), CultureInfo.InvariantCulture);
        var sets = arguments.Get("sets", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var rows = new List<BenchRow>();
        var total = new Bytes(0, 0, 0, 0);
        foreach (var set in Directory.EnumerateDirectories(data).Order(StringComparer.Ordinal).Where(set => sets.Length == 0 || sets.Contains(Path.GetFileName(set))))
        {
            var tables = new RecordedTables(set, most);
            var messages = tables.Bodies().SelectMany(body => Encoding.ASCII.GetString(body).Split('\n')).Select(MessageOf).ToList();
            if (messages.Count == 0)
            {
                continue;
            }

            await Console.Error.WriteLineAsync($"bench: {Path.GetFileName(set)}, {messages.Count} messages, {tables.Points} points");
            var (live, direct) = await SendAsync(program, messages, linger, isAway: false);
            var (stored, _) = await SendAsync(program, messages, linger, isAway: true);
            var bytes = new Bytes(tables.Points, live, stored, direct);
            rows.AddRange(Rows($"{Path.GetFileName(set)}, {tables.Points / 1e6:0.##} M points", bytes));
            total = new Bytes(total.Points + bytes.Points, total.Live + live, total.Stored + stored, total.Direct + direct);
        }

        return total.Points == 0 ? [] : [.. Rows("uplink bytes per point of sensor data, TLS framing included", total), .. rows];
    }

    private static IEnumerable<BenchRow> Rows(string name, Bytes bytes)
    {
        BenchRow Row(string how, long up) => new($"{name}, {how}", "bytes/point", up / (double)bytes.Points, bytes.Direct / (double)bytes.Points, "JSON in MQTT", 3, 1.5);
        return [Row("live", bytes.Live), Row("after an outage", bytes.Stored)];
    }

    /// <summary>The same messages through the edge, and to the server itself unless the link is away at first; the bytes that each way took.</summary>
    private static async Task<(long Edge, long Direct)> SendAsync(string program, List<(string Device, byte[] Payload)> messages, double linger, bool isAway)
    {
        await using var rig = await EdgeRig.StartAsync(program, linger);
        var senders = new Dictionary<string, List<Sender>>(StringComparer.Ordinal);
        foreach (var device in messages.Select(message => message.Device).Distinct())
        {
            senders.Add(device, [new Sender(await rig.DeviceAsync("e-" + device, isBehindEdge: true))]);
            if (!isAway)
            {
                senders[device].Add(new Sender(await rig.DeviceAsync("d-" + device, isBehindEdge: false)));
            }
        }

        // Hands are shaken once for years of data: what is counted begins after it.
        var (stored, edge, direct) = (await rig.StoredAsync(), rig.UplinkBytes, rig.DirectBytes);
        rig.Hold(isAway);
        await Task.WhenAll(messages.GroupBy(message => message.Device).SelectMany(
            one => senders[one.Key].Select(sender => sender.SendAsync(one.Select(message => message.Payload)))));
        rig.Hold(false);
        await rig.UntilStoredAsync(stored + (messages.Count * (isAway ? 1L : 2L)));
        return (rig.UplinkBytes - edge, rig.DirectBytes - direct);
    }

    /// <summary>A line of <see cref="RecordedTables"/> as a device would send it.</summary>
    private static (string Device, byte[] Payload) MessageOf(string line)
    {
        var parts = line.Split(' ');
        var device = parts[0][(parts[0].IndexOf('=', StringComparison.Ordinal) + 1)..];
        var values = parts[1].Split(',').Select(field => field.Split('=')).Select(field => $"\"{field[0]}\":{Json(field[1])}");
        return (device, Encoding.ASCII.GetBytes($"{{\"ts\":{parts[2]},\"values\":{{{string.Join(',', values)}}}}}"));
    }

    // As a program writes a number that it has read: 1.50 and .5 are no JSON of any.
    private static string Json(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);

    private readonly record struct Bytes(long Points, long Live, long Stored, long Direct);

    /// <summary>A device that is connected; so many messages of it are on their way.</summary>
    private sealed class Sender((MqttClient Client, string Topic) device)
    {
        public async Task SendAsync(IEnumerable<byte[]> payloads)
        {
            await using var client = device.Client;
            var under = new Queue<Task<MqttReason>>();
            foreach (var payload in payloads)
            {
                under.Enqueue(client.PublishAsync(new MqttMessage { Topic = device.Topic, Payload = payload, Qos = 1 }, CancellationToken.None).AsTask());
                if (under.Count > Window)
                {
                    Check(await under.Dequeue());
                }
            }

            while (under.TryDequeue(out var publish))
            {
                Check(await publish);
            }
        }

        private static void Check(MqttReason reason)
        {
            if ((byte)reason >= 0x80)
            {
                throw new InvalidOperationException($"a message was refused: {reason}");
            }
        }
    }
}
