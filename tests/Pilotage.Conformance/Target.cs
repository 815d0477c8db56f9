using System.Net;

namespace Pilotage.Conformance;

/// <summary>
/// Which broker is tested: ours, or the one that <c>PILOTAGE_CONFORMANCE_TARGET=host:port</c> names, so that the tests
/// are tested too.
/// </summary>
internal static class Target
{
    private const string Variable = "PILOTAGE_CONFORMANCE_TARGET";

    /// <summary>The other broker's plain listener, which must ask for no account; nothing where ours is tested.</summary>
    public static IPEndPoint? Foreign { get; } = Parse(Environment.GetEnvironmentVariable(Variable));

    private static IPEndPoint? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var colon = text.LastIndexOf(':');
        if (colon > 0 && IPEndPoint.TryParse(text, out var point) && point.Port > 0)
        {
            return point;
        }

        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), out var port) && port > 0
            ? new(Dns.GetHostAddresses(text[..colon])[0], port)
            : throw new ArgumentException($"{Variable} is '{text}'; it must be host:port, for example 127.0.0.1:1883.");
    }
}
