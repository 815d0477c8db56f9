using System.Globalization;

namespace Pilotage.Streams.Windows;

/// <summary>How a window table function cuts the rows of a device by time, in nanoseconds.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="SizeNs">How long a window is, at most; of SESSION, the gap that ends one.</param>
/// <param name="StepNs">From one window to the next: the slide of HOP, the step of CUMULATE; of TUMBLE and SESSION, the size.</param>
internal readonly record struct TimeWindow(TimeWindowKind Kind, long SizeNs, long StepNs)
{
    /// <summary>The spelling in a plan. TUMBLE and HOP have none of their own, as when there was nothing else: their state is taken over.</summary>
    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{(Kind == TimeWindowKind.Hop ? "" : $"{Kind} ")}{SizeNs}/{StepNs}");
}

/// <summary>The window table functions.</summary>
internal enum TimeWindowKind
{
    /// <summary>Windows of one size, one step apart; TUMBLE where the step is the size.</summary>
    Hop,

    /// <summary>Windows that grow by a step until they have their size, and begin anew.</summary>
    Cumulate,

    /// <summary>Rows with no longer gap between them than so much.</summary>
    Session,
}
