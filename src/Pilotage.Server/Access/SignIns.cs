using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Access;

/// <summary>How a browser gets in: a link that works once is traded for a session, so that no lasting secret stands in an address or a cookie.</summary>
internal sealed class SignIns(ICatalogue catalogue, AdminToken token, TimeProvider time) : ISignIn
{
    private const int RandomBytes = 24;
    private const int RowsMax = 1_000;
    private const string Link = "link";
    private const string Session = "session";
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public TimeSpan Lifetime { get; } = TimeSpan.FromHours(12);

    /// <summary>A secret that opens one session, once.</summary>
    public SignInLink MakeLink()
    {
        var (secret, expires) = catalogue.Write((connection, _) => Add(connection, Link, LinkLifetime));
        return new($"/?code={secret}", Clock.FromNs(expires));
    }

    /// <inheritdoc/>
    public string? SessionFor(string? code, string? presented) =>
        code is not null ? Redeem(code)
        : presented is not null && token.Matches(presented) ? catalogue.Write((connection, _) => Add(connection, Session, Lifetime).Secret)
        : null;

    public bool IsOpen(string session) => catalogue.Read(connection => Holds(connection, Session, session));

    private string? Redeem(string code) => catalogue.Write((connection, _) =>
        Holds(connection, Link, code) && connection.Execute("DELETE FROM access_sign_ins WHERE hash = $hash", ("$hash", Hash(code))) > 0
            ? Add(connection, Session, Lifetime).Secret
            : null);

    private bool Holds(SqliteConnection connection, string kind, string secret) => connection.Scalar(
        "SELECT count(*) FROM access_sign_ins WHERE hash = $hash AND kind = $kind AND expires_ns > $now",
        ("$hash", Hash(secret)), ("$kind", kind), ("$now", time.NowNs())) > 0;

    private (string Secret, long ExpiresNs) Add(SqliteConnection connection, string kind, TimeSpan lifetime)
    {
        var now = time.NowNs();
        connection.Execute("DELETE FROM access_sign_ins WHERE expires_ns <= $now", ("$now", now));
        // Bounded: past the limit, the ones that would have ended first go.
        connection.Execute(
            "DELETE FROM access_sign_ins WHERE hash IN (SELECT hash FROM access_sign_ins ORDER BY expires_ns DESC LIMIT -1 OFFSET $max)",
            ("$max", RowsMax - 1));
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));
        var expires = now + (lifetime.Ticks * 100);
        connection.Execute(
            "INSERT INTO access_sign_ins (hash, kind, expires_ns) VALUES ($hash, $kind, $expires)", ("$hash", Hash(secret)), ("$kind", kind), ("$expires", expires));
        return (secret, expires);
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>Where to send a browser, and until when.</summary>
internal sealed record SignInLink(string Path, DateTimeOffset ExpiresAt);
