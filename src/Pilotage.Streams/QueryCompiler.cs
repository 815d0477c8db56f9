using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams;

/// <summary>Turns a question in the dialect of pipelines into a plan over stored rows, or into a refusal that says where it is wrong. Never
/// throws on any text.</summary>
/// <remarks>The compiler of pipelines, and what only a bounded past allows: an order, a limit, groups over everything.</remarks>
public static class QueryCompiler
{
    /// <summary>Compiles; the refusal's code is <c>pipeline.…</c> and its detail the <c>line:column</c> of the first fault.</summary>
    /// <param name="sql">The question.</param>
    /// <param name="things">The tables there are.</param>
    /// <param name="nowNs">What <c>NOW()</c> is.</param>
    /// <param name="resolve">Finds the device that a text names.</param>
    /// <param name="limits">Its bounds.</param>
    public static Outcome<QueryPlan> Compile(
        string sql, IReadOnlyList<ThingSchema> things, long nowNs, Func<string, Outcome<DeviceId>> resolve, PipelineLimits limits)
    {
        if (sql.Length > limits.SqlCharsMax)
        {
            return CompileFault.Limit(new(1, 1), $"The text has {sql.Length} characters; at most {limits.SqlCharsMax}.").ToRefusal();
        }

        try
        {
            var scope = new QueryScope(nowNs, resolve);
            var context = new BindingContext(new Dictionary<string, double>(), limits) { Query = scope };
            return new QueryBinder(context, scope, things).Bind(Parser.ParseQuery(sql, limits));
        }
        catch (CompileFault fault)
        {
            return fault.ToRefusal();
        }
    }
}
