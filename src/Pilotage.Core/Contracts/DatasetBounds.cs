namespace Pilotage.Core.Contracts;

/// <summary>Bounds of a cut, which the server keeps and the command line tells before it asks.</summary>
public static class DatasetBounds
{
    /// <summary>Most hours before a stop: a hundred years, because a column of hours beyond it is a mistyped one.</summary>
    public const double LastHoursMax = 876_000;
}
