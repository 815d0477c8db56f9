namespace Pilotage.Load.Gateway;

/// <summary>One thing that a broker is made to do.</summary>
/// <param name="Name">Short, for <c>--only</c>.</param>
/// <param name="Load">What the load generator is told.</param>
/// <param name="Tls">Over mutual TLS.</param>
/// <param name="Durable">Ours acknowledges once the message is on disk; the peer always does from memory.</param>
internal sealed record Scenario(string Name, string Load, bool Tls = false, bool Durable = false)
{
    /// <summary>All of them. The names are those of the table in the report.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("A0", "--qos 0 --pubs 1000 --count 150000"),
        new("A1", "--qos 1 --pubs 1000 --count 100000"),
        new("A1d", "--qos 1 --pubs 1000 --count 100000 --expiry 3600", Durable: true),
        new("A2", "--qos 2 --pubs 1000 --count 30000 --window 128"),
        new("B", "--qos 0 --pubs 1 --subs 1000 --each --window 4 --count 400"),
        new("D", "--qos 1 --pubs 200 --count 60000", Tls: true),
        new("E", "--mode session --pubs 10 --count 50000"),
        new("C", "--mode idle --subs 5000 --hold 1"),
        new("DC", "--mode idle --subs 1000 --conc 32 --hold 1", Tls: true),
        new("L5", "--qos 1 --pubs 1000 --rate 5000 --secs 4"),
        new("L2", "--qos 1 --pubs 1000 --rate 2000 --secs 6"),
        new("L2d", "--qos 1 --pubs 1000 --rate 2000 --secs 6 --expiry 3600", Durable: true),
    ];
}
