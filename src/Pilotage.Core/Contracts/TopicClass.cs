namespace Pilotage.Core.Contracts;

/// <summary>The classes of topics: what a message below a device's path is about.</summary>
public static class TopicClass
{
    /// <summary>Values of series.</summary>
    public const string Telemetry = "_tele";

    /// <summary>CloudEvents, one name for each type.</summary>
    public const string Event = "_event";

    /// <summary>Frames of a media stream.</summary>
    public const string Media = "_media";

    /// <summary>Desired and reported state, retained.</summary>
    public const string Twin = "_twin";

    /// <summary>Commands, answered on the response topic.</summary>
    public const string Command = "_cmd";

    /// <summary>Results of a model.</summary>
    public const string Inference = "_infer";

    /// <summary>Birth and last will, retained.</summary>
    public const string State = "_state";

    /// <summary>Batches that an edge hands on for its devices.</summary>
    public const string Forward = "_forward";
}
