using Pilotage.Streams;

namespace Pilotage.Server.Package;

/// <summary>Things and models of a package as the pipeline compiler takes them.</summary>
public static class PackageSchemas
{
    /// <summary>A thing type as a table; the order of properties is the order of values in a row.</summary>
    public static ThingSchema ToSchema(this ThingSpec thing) =>
        new(thing.Name, [.. thing.Properties.Select(p => new ThingProperty(p.Name, p.Unit, TypeOf(p.Type)))]);

    /// <summary>A model by its inputs and outputs. Imputed values are there when the model is asked, so only rejection rejects.</summary>
    public static ModelSchema ToSchema(this ModelSpec model) =>
        new(model.Name, [.. model.Inputs.Select(i => i.Name)], [.. model.Outputs.Select(o => o.Name)])
        {
            InputUnits = [.. model.Inputs.Select(i => i.Unit)],
            OutputUnits = [.. model.Outputs.Select(o => o.Unit)],
            Missing = model.Missing == MissingValues.Native ? MissingInputs.Native : MissingInputs.Reject,
        };

    /// <summary>Compiles the pipeline with the site's numbers and those that were chosen since, such as an alarm limit.</summary>
    public static Outcome<PipelinePlan> Compile(this UseCasePackage package, IReadOnlyDictionary<string, double> chosen)
    {
        var parameters = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, value) in (package.Site?.Parameters ?? new Dictionary<string, double>()).Concat(chosen))
        {
            parameters[name] = value;
        }

        return PipelineCompiler.Compile(
            package.PipelineSql, [.. package.Things.Select(ToSchema)], [.. package.Models.Select(ToSchema)], parameters);
    }

    private static ThingPropertyType TypeOf(string type) => type switch
    {
        "integer" => ThingPropertyType.Integer,
        "boolean" => ThingPropertyType.Boolean,
        "string" or "object" or "array" => ThingPropertyType.Text,
        _ => ThingPropertyType.Number,
    };
}
