namespace Pilotage.Server.Access.Contracts;

/// <summary>The cookie a page signs in with; it opens reads only.</summary>
public static class SessionCookie
{
    public const string Name = "pilotage_session";
}
