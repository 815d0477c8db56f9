using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Server.Models.Training;

/// <summary>The pipeline of a package, compiled with the site's parameters.</summary>
internal static class PackagePipeline
{
    /// <summary>Compiles; a parameter that training has yet to choose may be given any number, no feature depends on it.</summary>
    public static Outcome<PipelinePlan> Compile(UseCasePackage package) => package.Compile(
        package.UseCase.Alarm is { } alarm && package.Site?.Parameters.ContainsKey(alarm.Parameter) != true
            ? new Dictionary<string, double>(StringComparer.Ordinal) { [alarm.Parameter] = 0 }
            : new Dictionary<string, double>());
}
