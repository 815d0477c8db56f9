namespace Pilotage.Streams;

/// <summary>What became of a pushed row.</summary>
public enum PushResult
{
    /// <summary>It was computed with, or waits to be put in order.</summary>
    Taken,

    /// <summary>It is older than the device's watermark: dropped and counted.</summary>
    Late,

    /// <summary>It repeats the row before it, time and values: dropped and counted.</summary>
    Duplicate,

    /// <summary>Its time lies outside 1970 to 2261: dropped and counted.</summary>
    OutOfRange,

    /// <summary>It is from a device beyond the limit of devices: dropped and counted.</summary>
    TooManyDevices,
}
