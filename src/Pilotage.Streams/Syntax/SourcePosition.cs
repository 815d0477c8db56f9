namespace Pilotage.Streams.Syntax;

/// <summary>Where a piece of text begins: line and column, both from one.</summary>
internal readonly record struct SourcePosition(int Line, int Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Line}:{Column}";
}
