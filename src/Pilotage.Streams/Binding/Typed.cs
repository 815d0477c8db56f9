using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>A bound expression with its type, its unit (null: unknown) and where it stands.</summary>
internal readonly record struct Typed(Scalar Scalar, ColumnType Type, string? Unit, SourcePosition At)
{
    public bool IsTime => Type is ColumnType.Timestamp or ColumnType.Rowtime;

    /// <summary>Demands a type; NULL goes with every one.</summary>
    public Typed As(ColumnType wanted, string forWhat) => Type == wanted || Type == ColumnType.Null
        ? this
        : throw CompileFault.Type(At, $"{forWhat} expects {Shown(wanted)}, found {Shown(Type)}.");

    public static string Shown(ColumnType type) => type switch
    {
        ColumnType.Number => "a number",
        ColumnType.Boolean => "a condition",
        ColumnType.Text => "a text",
        ColumnType.Timestamp or ColumnType.Rowtime => "a time",
        ColumnType.Device => "a device",
        _ => "NULL",
    };
}
