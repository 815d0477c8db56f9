namespace Pilotage.Server.Fleet.Contracts;

/// <summary>Thing types the product itself gives a meaning.</summary>
public static class Things
{
    /// <summary>A device that runs Pilotage Edge and speaks for others.</summary>
    public const string Edge = "edge";

    /// <summary>A device that turned up on the insecure listener and was described by nobody.</summary>
    public const string Unknown = "unknown";
}
