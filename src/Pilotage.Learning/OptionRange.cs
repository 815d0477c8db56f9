using System.Runtime.CompilerServices;

namespace Pilotage.Learning;

/// <summary>Holds an option to its range, naming it; without reflection, so that trimming keeps working.</summary>
internal static class OptionRange
{
    public static void Require(
        double value, double min, double max, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= min && value <= max))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be {min} to {max}.");
        }
    }
}
