using System.Text;
using System.Text.RegularExpressions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>What somebody asks for, made whole and checked.</summary>
internal static partial class SourceReader
{
    /// <summary>Most filters of a source.</summary>
    public const int TopicsMax = 20;

    private const int QosDefault = 1;
    private const int SessionHoursDefault = 168;
    private const int SessionHoursMax = 24 * 365;
    private const int TextBytesMax = 512;
    private const int PemCharsMax = 128 * 1024;
    private const int FormerMax = 64;
    private static readonly string[] Versions = ["5", "3.1.1"];

    /// <summary>The settings and secrets, or the first that is wrong with them.</summary>
    /// <param name="before">The source whose place it takes, and whose session it goes on with.</param>
    /// <param name="madeUp">A client id for one that has none.</param>
    public static Outcome<(SourceSettings Settings, SourceSecrets Secrets)> Read(string name, SourceEndpoints.SourceBody body, SourceSettings? before, string madeUp)
    {
        if (WhyNot(name, body) is { } refusal)
        {
            return refusal;
        }

        return SourceAddress.Parse(body.Url).Then(address => SourceTls.Of(address, body.CaPem, body.CertificatePem, body.KeyPem).Then(_ =>
        {
            string[] topics = [.. body.Topics.Distinct(StringComparer.Ordinal)];
            string[] former = [.. (before?.Former ?? []).Concat(before?.Topics ?? []).Except(topics, StringComparer.Ordinal).TakeLast(FormerMax)];
            var settings = new SourceSettings(
                name, body.Url, topics, former, body.Qos ?? QosDefault, body.Version ?? Versions[0], body.Mapping, body.ClientId ?? before?.ClientId ?? madeUp, body.SessionHours ?? SessionHoursDefault, body.UserName,
                body.CaPem, body.CertificatePem);
            return (Outcome<(SourceSettings, SourceSecrets)>)(settings, new SourceSecrets(body.Password, body.KeyPem));
        }));
    }

    private static Refusal? WhyNot(string name, SourceEndpoints.SourceBody body) => body switch
    {
        _ when !Name().IsMatch(name) => Bad("/name", $"\"{(name.Length <= 80 ? name : name[..80] + "…")}\" is not the name of a source: lower-case letters, digits, - and _, a letter first, at most 63"),
        { Topics.Count: 0 or > TopicsMax } => Bad("/topics", $"are {body.Topics.Count}; give 1 to {TopicsMax} filters, for example factory/#"),
        _ when body.Topics.FirstOrDefault(topic => !IsFilter(topic)) is { } wrong => Bad("/topics", $"hold \"{wrong}\", which is no filter; + stands for one level and # for all that follow"),
        { Qos: < 0 or > 2 } => Bad("/qos", $"is {body.Qos}; give 0, 1 or 2, or leave it out for {QosDefault}"),
        { Version: { } version } when !Versions.Contains(version) => Bad("/version", $"is \"{version}\"; give 5 or 3.1.1, or leave it out for 5"),
        { SessionHours: < 1 or > SessionHoursMax } => Bad("/sessionHours", $"is {body.SessionHours}; give 1 to {SessionHoursMax}, or leave it out for {SessionHoursDefault}"),
        { ClientId: { } id } when !IsText(id) || id.Length == 0 => Bad("/clientId", $"has 1 to {TextBytesMax} bytes"),
        { UserName: { } user } when !IsText(user) => Bad("/userName", $"has at most {TextBytesMax} bytes"),
        { Password: { } password } when Encoding.UTF8.GetByteCount(password) > ushort.MaxValue => Bad("/password", $"has at most {ushort.MaxValue} bytes"),
        { Password: not null, UserName: null, Version: "3.1.1" } => Bad("/userName", "is missing; with MQTT 3.1.1 a password has a user"),
        _ when new[] { body.CaPem, body.CertificatePem, body.KeyPem }.Any(pem => pem?.Length > PemCharsMax) => Bad("/caPem", $"or another certificate has more than {PemCharsMax} characters"),
        _ => null,
    };

    private static bool IsFilter(string topic) => Encoding.UTF8.GetByteCount(topic) <= TextBytesMax && MqttTopic.IsValidFilter(topic);

    private static bool IsText(string text) => Encoding.UTF8.GetByteCount(text) <= TextBytesMax && !text.Any(char.IsControl);

    private static Refusal Bad(string where, string says) => new("fabric.source.malformed", $"{where[1..]} {says}.") { Details = [new(where, says)] };

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$")]
    private static partial Regex Name();
}
