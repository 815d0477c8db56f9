using System.Globalization;
using System.Reflection;
using System.Text;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>The <c>$SYS</c> topics: what one tenant may know of the broker, and nothing of other tenants.</summary>
internal static class StatusTopics
{
    public const string Root = "$SYS/";

    private static readonly string Version =
        typeof(StatusTopics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    /// <summary>Every topic with its value now.</summary>
    public static IEnumerable<MqttMessage> Of(TenantSpace space, TimeSpan uptime)
    {
        yield return Text("version", $"Pilotage {Version}");
        yield return Number("uptime", (long)uptime.TotalSeconds);
        yield return Number("clients/connected", space.Sessions.Values.LongCount(session => session.Link is not null));
        yield return Number("clients/total", space.Sessions.Values.LongCount(session => !session.IsOnlyWill));
        yield return Number("subscriptions/count", space.Sessions.Values.Sum(session => session.Subscriptions.Count));
        yield return Number("retained messages/count", space.Retained.Count);
        yield return Number("messages/received", space.Received);
        yield return Number("messages/queued", space.Sessions.Values.Sum(session => session.Queued));
        yield return Number("messages/dropped", space.Sessions.Values.Sum(session => session.Dropped));
    }

    private static MqttMessage Number(string name, long value) =>
        Text(name, value.ToString(CultureInfo.InvariantCulture));

    private static MqttMessage Text(string name, string value) =>
        new() { Topic = $"{Root}broker/{name}", Payload = Encoding.UTF8.GetBytes(value), Retain = true };
}
