using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>Names a series: one property of one device of one tenant.</summary>
public readonly record struct SeriesKey(TenantId Tenant, DeviceId Device, string Property);

/// <summary>How far a value may be trusted.</summary>
public enum Quality : byte
{
    /// <summary>As measured.</summary>
    Good,

    /// <summary>Stored, but in doubt.</summary>
    Uncertain,

    /// <summary>Known to be wrong; kept for the record.</summary>
    Bad,
}

/// <summary>One value at one device time, in nanoseconds since the Unix epoch, UTC.</summary>
public readonly record struct Point(long TimeNs, double Value, Quality Quality);

/// <summary>The same with a value of any kind.</summary>
public readonly record struct TypedPoint(long TimeNs, SeriesValue Value, Quality Quality);

/// <summary>The place in an edge's log up to which a batch carries its messages; stored in the same commit.</summary>
/// <param name="Edge">The edge that forwards.</param>
/// <param name="LogId">Its log; a new one when the edge lost the old.</param>
/// <param name="Offset">Offset of the last message in the batch. A batch at or below the high-water mark is dropped.</param>
public readonly record struct ForwardMark(string Edge, string LogId, long Offset);

/// <summary>What became of a batch.</summary>
public enum Appended
{
    /// <summary>It is durable and visible.</summary>
    Stored,

    /// <summary>Its forward mark is not above the high-water mark: it was stored before, and is not stored twice.</summary>
    AlreadyStored,
}

/// <summary>One message as it arrived: the values of one device at one time.</summary>
/// <param name="Device">Who sent it.</param>
/// <param name="TimeNs">Device time.</param>
/// <param name="Values">In the order of the properties asked for; NaN where the message had none. Owned by the caller.</param>
/// <param name="Arrival">Its place in the order of arrival; rises, with gaps.</param>
/// <param name="ReceivedNs">When the server received it.</param>
/// <param name="Quality">The worst among its values.</param>
public readonly record struct ArrivedRow(
    DeviceId Device, long TimeNs, double[] Values, long Arrival, long ReceivedNs, Quality Quality);

/// <summary>The same with values of any kind.</summary>
/// <param name="Values">In the order of the properties asked for; null where the message had none. Owned by the caller.</param>
public readonly record struct ArrivedTypedRow(
    DeviceId Device, long TimeNs, SeriesValue?[] Values, long Arrival, long ReceivedNs, Quality Quality);
