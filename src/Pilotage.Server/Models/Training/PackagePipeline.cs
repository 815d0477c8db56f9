using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Server.Models.Training;

/// <summary>The pipeline of a package, compiled with the site's parameters.</summary>
internal static class PackagePipeline
{
    /// <summary>Compiles; a parameter that training has yet to choose may be given any number, no feature depends on it.</summary>
    public static Outcome<PipelinePlan> Compile(UseCasePackage package)
    {
        var parameters = new Dictionary<string, double>(package.Site?.Parameters ?? new Dictionary<string, double>(), StringComparer.Ordinal);
        if (package.UseCase.Alarm is { } alarm)
        {
            parameters.TryAdd(alarm.Parameter, 0);
        }

        return PipelineCompiler.Compile(package.PipelineSql, [.. package.Things.Select(Thing)], [.. package.Models.Select(Model)], parameters);
    }

    public static ModelSchema Model(ModelSpec model) => new(
        model.Name, [.. model.Inputs.Select(input => input.Name)], [.. model.Outputs.Select(output => output.Name)])
    {
        InputUnits = [.. model.Inputs.Select(input => (string?)input.Unit)],
        OutputUnits = [.. model.Outputs.Select(output => (string?)output.Unit)],
        Missing = model.Missing == MissingValues.Native ? MissingInputs.Native : MissingInputs.Reject,
    };

    private static ThingSchema Thing(ThingSpec thing) =>
        new(thing.Name, [.. thing.Properties.Select(property => new ThingProperty(property.Name, property.Unit, TypeOf(property.Type)))]);

    private static ThingPropertyType TypeOf(string type) => type switch
    {
        "integer" => ThingPropertyType.Integer,
        "boolean" => ThingPropertyType.Boolean,
        "string" or "object" or "array" => ThingPropertyType.Text,
        _ => ThingPropertyType.Number,
    };
}
