namespace Pilotage.Server.Access.Contracts;

/// <summary>Signing a browser in.</summary>
public interface ISignIn
{
    /// <summary>The session for the code of a one-time link or for the administrator's token; null when it opens nothing.</summary>
    string? SessionFor(string? code, string? token);

    /// <summary>How long a session lasts.</summary>
    TimeSpan Lifetime { get; }
}
