using System.Globalization;
using System.Text;
using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams;

/// <summary>Turns the text of a pipeline into a plan, or into a refusal that says where it is wrong, what was expected
/// and what was probably meant. Never throws on any text.</summary>
public static class PipelineCompiler
{
    /// <summary>Compiles with the default limits.</summary>
    public static Outcome<PipelinePlan> Compile(
        string sql,
        IReadOnlyList<ThingSchema> things,
        IReadOnlyList<ModelSchema> models,
        IReadOnlyDictionary<string, double> parameters) => Compile(sql, things, models, parameters, new());

    /// <summary>Compiles; the refusal's code is <c>pipeline.…</c> and its detail the <c>line:column</c> of the first
    /// fault.</summary>
    public static Outcome<PipelinePlan> Compile(
        string sql,
        IReadOnlyList<ThingSchema> things,
        IReadOnlyList<ModelSchema> models,
        IReadOnlyDictionary<string, double> parameters,
        PipelineLimits limits)
    {
        if (sql.Length > limits.SqlCharsMax)
        {
            return CompileFault.Limit(new(1, 1), $"The text has {sql.Length} characters; at most {limits.SqlCharsMax}.").ToRefusal();
        }

        try
        {
            var statements = Parser.Parse(sql, limits);
            var binder = new PipelineBinder(new(parameters, limits), things, models);
            return binder.Bind(statements, DigestOf(sql, parameters));
        }
        catch (CompileFault fault)
        {
            return fault.ToRefusal();
        }
    }

    private static Digest DigestOf(string sql, IReadOnlyDictionary<string, double> parameters)
    {
        var text = new StringBuilder(sql);
        foreach (var (name, value) in parameters.OrderBy(parameter => parameter.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{name}={value:R}");
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
