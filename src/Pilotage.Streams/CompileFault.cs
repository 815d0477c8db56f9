using Pilotage.Core;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams;

/// <summary>The first fault in a pipeline's text, on its way up to <see cref="PipelineCompiler"/>, which makes a
/// refusal of it.</summary>
/// <remarks>An exception because a recursive descent has nothing sensible to return; it never leaves the
/// compiler.</remarks>
internal sealed class CompileFault(string code, SourcePosition at, string message) : Exception(message)
{
    public Refusal ToRefusal() => new(code, $"{at}: {Message}") { Details = [new(at.ToString(), Message)] };

    public static CompileFault Syntax(SourcePosition at, string message) => new("pipeline.syntax", at, message);

    public static CompileFault Unsupported(
        SourcePosition at, string message) => new("pipeline.unsupported", at, message);

    public static CompileFault Limit(SourcePosition at, string message) => new("pipeline.limit", at, message);

    public static CompileFault Type(SourcePosition at, string message) => new("pipeline.type", at, message);

    public static CompileFault Unit(SourcePosition at, string message) => new("pipeline.unit", at, message);

    public static CompileFault Ambiguous(SourcePosition at, string message) => new("pipeline.ambiguous", at, message);

    /// <summary>A name that is not there, with what is, and the nearest of those.</summary>
    public static CompileFault Unknown(
        SourcePosition at, string what, string name, IEnumerable<string> known, string where)
    {
        var names = known.ToArray();
        var nearest = Nearest.To(name, names);
        var hint = nearest is not null ? $" Did you mean {nearest}?"
            : names.Length == 0 ? " There are none."
            : $" Expected one of {string.Join(", ", names.Take(12))}{(names.Length > 12 ? ", …" : "")}.";
        return new($"pipeline.unknown_{what}", at, $"There is no {what} '{name}'{where}.{hint}");
    }
}
