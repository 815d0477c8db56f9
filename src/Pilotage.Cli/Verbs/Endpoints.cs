using System.CommandLine;
using System.Globalization;
using System.Net;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>Reads <c>HOST:PORT</c> as options give it.</summary>
internal static class Endpoints
{
    public static Option<string?> Option(string name, string description) => new(name) { Description = description, HelpName = "HOST:PORT" };

    /// <summary>An address and a port; names other than localhost are not looked up.</summary>
    public static IPEndPoint? Address(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return null;
        }

        var (host, port) = Split(text, option.Name);
        return IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out var address)
            ? new(address, port)
            : throw new CliFailure(ExitCode.Usage, $"{option.Name}: '{host}' is not an address", "expected an IPv4 or IPv6 address to listen on", $"{option.Name} 127.0.0.1:{port}");
    }

    public static DnsEndPoint Name(string text, string option)
    {
        var (host, port) = Split(text, option);
        return new(host, port);
    }

    private static int Usual(string option) => option switch
    {
        "--http" => 8080,
        "--https" => 8443,
        "--mqtt" => 1883,
        "--listen" => 8884,
        _ => 8883,
    };

    private static (string Host, int Port) Split(string text, string option)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? (text[..colon].Trim('[', ']'), port)
            : throw new CliFailure(ExitCode.Usage, $"{option}: '{text}' is not HOST:PORT", null, $"{option} 127.0.0.1:{Usual(option)}");
    }
}
