namespace Pilotage.Streams.Windows;

/// <summary>Which rows up to the current one an OVER window holds.</summary>
internal readonly record struct WindowFrame(FrameKind Kind, long Preceding)
{
    public static WindowFrame Unbounded => new(FrameKind.Unbounded, 0);
}

/// <summary>How a frame is measured.</summary>
internal enum FrameKind
{
    /// <summary>So many rows before the current one.</summary>
    Rows,

    /// <summary>So many nanoseconds before the current one, both ends included.</summary>
    Range,

    /// <summary>Everything since the device was first seen.</summary>
    Unbounded,
}
