namespace Pilotage.Protocols.SenML;

/// <summary>One value of a pack with everything resolved: name, unit and time no longer lean on records before it.</summary>
/// <param name="Index">Of the record it stood in, from 0 on.</param>
/// <param name="Name">The whole name; letters, digits and <c>- : . / _</c>.</param>
/// <param name="Unit">As the registry of SenML has it, see <see cref="SenMLUnits"/>; null where none was given.</param>
/// <param name="TimeNs">Nanoseconds since 1970 UTC; may lie anywhere.</param>
/// <param name="IsSum">Whether it is the sum (<c>s</c>) rather than the value.</param>
public readonly record struct SenMLValue(int Index, string Name, string? Unit, long TimeNs, MeasuredValue Value, bool IsSum);

/// <summary>Why a record gave no value.</summary>
/// <param name="Index">Of the record, from 0 on.</param>
/// <param name="Field">Its label in JSON.</param>
/// <param name="Says">What is wrong with it.</param>
public readonly record struct SenMLFault(int Index, string Field, string Says)
{
    /// <inheritdoc/>
    public override string ToString() => $"record {Index}, {Field}: {Says}";
}

/// <summary>What a pack holds: the values that could be resolved, and why the others could not.</summary>
public sealed record SenMLPack(IReadOnlyList<SenMLValue> Values, IReadOnlyList<SenMLFault> Faults)
{
    /// <summary>Most records of a pack.</summary>
    public const int RecordsMax = 10_000;

    /// <summary>Longest name, base name included; a short record may repeat a long base name, so this bounds what a pack can cost.</summary>
    public const int NameCharsMax = 256;

    /// <summary>Longest text value.</summary>
    public const int TextCharsMax = 64 * 1024;

    /// <summary>The version of the format that is understood (RFC 8428); newer ones are refused.</summary>
    public const int VersionMax = 10;
}
