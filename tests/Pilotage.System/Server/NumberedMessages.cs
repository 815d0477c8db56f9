using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.System.Server;

/// <summary>Messages that say in every part which one they are, and how they look when the server gives them back.</summary>
internal static class NumberedMessages
{
    public const int Devices = 4;
    private const long FirstMs = 1_700_000_000_000;
    private const int PointsMax = 20_000;

    public static string Name(long device) => $"load-{device}";

    public static string Path(long device) => $"default/plant/{Name(device)}";

    public static MqttMessage Message(long number)
    {
        var text = new StringBuilder(512);
        text.Append(CultureInfo.InvariantCulture, $"{{\"ts\":{FirstMs + number},\"values\":{{\"n\":{number},\"check\":{Check(number):R}");
        for (var i = 0; i < 20; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $",\"v{i}\":{(number * (i + 1) % 1000) / 10.0:R}");
        }

        text.Append("}}");
        return new MqttMessage { Topic = Path(number % Devices) + "/_tele", Payload = Encoding.UTF8.GetBytes(text.ToString()), Qos = 1 };
    }

    /// <summary>The number of a message as a subscriber gets it.</summary>
    public static long NumberOf(MqttMessage message)
    {
        using var document = JsonDocument.Parse(message.Payload);
        return document.RootElement.GetProperty("ts").GetInt64() - FirstMs;
    }

    /// <summary>All that the API returns up to a number: each id, and whether the rest fits it.</summary>
    public static async Task<List<(long Id, bool IsIntact)>> StoredAsync(ServerDoor door, long lastNumber)
    {
        var stored = new List<(long, bool)>();
        for (var device = 0; device < Devices; device++)
        {
            var numbers = await PointsAsync(door, device, "n", FirstMs, FirstMs + lastNumber);
            var checks = (await PointsAsync(door, device, "check", FirstMs, FirstMs + lastNumber)).ToDictionary(point => point.Ms, point => point.Value);
            stored.AddRange(numbers.Select(point => ((long)point.Value, IsIntact(point.Ms, (long)point.Value, device, checks))));
        }

        return stored;
    }

    /// <summary>How many messages the store itself counts, and how many of them came twice.</summary>
    public static async Task<(long Messages, long Twice)> CountAsync(ServerDoor door)
    {
        var account = await door.GetAsync("api/v1/messages/account?path=default/plant/**");
        return ((long)account["messages"]!, (long)account["duplicates"]! + (long)account["overwritten"]!);
    }

    private static double Check(long number) => Math.Round(Math.Sin(number), 6);

    private static bool IsIntact(long ms, long number, int device, Dictionary<long, double> checks) =>
        ms == FirstMs + number && number % Devices == device && checks.TryGetValue(ms, out var check) && check == Check(number);

    /// <summary>Every point of a stretch; one that holds more than an answer may is asked for in two halves.</summary>
    private static async Task<List<(long Ms, double Value)>> PointsAsync(ServerDoor door, int device, string property, long fromMs, long toMs)
    {
        var (status, body) = await door.AskAsync(
            HttpMethod.Get, $"api/v1/devices/{Name(device)}/series/{property}?points={PointsMax}&from={At(fromMs)}&to={At(toMs)}");
        if (status == HttpStatusCode.NotFound)
        {
            // Nobody has heard of the device yet, so nothing of it was acknowledged.
            return [];
        }

        if (status != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"{(int)status} {body[..Math.Min(body.Length, 500)]}");
        }

        var answer = JsonNode.Parse(body)!;
        if ((bool)answer["decimated"]!)
        {
            var middle = fromMs + ((toMs - fromMs) / 2);
            var first = await PointsAsync(door, device, property, fromMs, middle);
            return [.. first, .. await PointsAsync(door, device, property, middle + 1, toMs)];
        }

        return [.. answer["points"]!.AsArray().Select(point => ((long)Math.Round((double)point![0]!), (double)point[1]!))];
    }

    private static string At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
