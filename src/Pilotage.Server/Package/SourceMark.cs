namespace Pilotage.Server.Package;

/// <summary>Where something stands in a package, one-based.</summary>
public readonly record struct SourceMark(string File, long Line, long Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}:{Column}";
}
