using System.Net;
using Pilotage.Sdk;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Where a foreign broker listens, out of its URL.</summary>
internal sealed record SourceAddress(string Scheme, string Host, int Port, string? Path)
{
    private const string Example = "mqtts://plant.example:8883";

    public bool IsSecure => Scheme is "mqtts" or "wss";

    public MqttEndpoint Endpoint => Path is null ? MqttEndpoint.Tcp(Host, Port) : MqttEndpoint.WebSocket(Host, Port, Path);

    /// <summary>The address, or what is wrong with it.</summary>
    public static Outcome<SourceAddress> Parse(string url)
    {
        if (url.Length > 500 || !Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("mqtt" or "mqtts" or "ws" or "wss") || parsed.Host.Length == 0)
        {
            return Bad($"is no address of a broker; write {Example}, mqtt://HOST:PORT, ws://HOST:PORT/mqtt or wss://HOST:PORT/mqtt");
        }

        if (parsed.UserInfo.Length > 0 || parsed.Query.Length > 0 || parsed.Fragment.Length > 0)
        {
            return Bad("has a user, a query or a fragment in it; an address is shown to everybody, so give user and password by themselves");
        }

        var isWeb = parsed.Scheme is "ws" or "wss";
        if (!isWeb && parsed.AbsolutePath is not ("" or "/"))
        {
            return Bad("has a path, which only ws:// and wss:// have");
        }

        var port = parsed.Port > 0 ? parsed.Port : parsed.Scheme switch { "mqtt" => 1883, "mqtts" => 8883, "ws" => 80, _ => 443 };
        return port is < 1 or > IPEndPoint.MaxPort
            ? Bad("has no port from 1 to 65535")
            : new SourceAddress(parsed.Scheme, parsed.IdnHost.Trim('[', ']'), port, isWeb ? parsed.AbsolutePath : null);
    }

    private static Refusal Bad(string why) => new("fabric.source.url", $"url {why}.") { Details = [new("/url", why)] };
}
