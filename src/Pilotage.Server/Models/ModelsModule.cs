using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting.Backup;
using Pilotage.Server.Models.Artifacts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Models.Packages;
using Pilotage.Server.Models.Registry;
using Pilotage.Server.Models.Training;

namespace Pilotage.Server.Models;

/// <summary>Packages, datasets, training runs, the registry, artifacts.</summary>
public static class ModelsModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddModels(this IServiceCollection services) => services
        .AddSingleton<ArtifactStore>()
        .AddSingleton<IArtifactStore>(provider => provider.GetRequiredService<ArtifactStore>())
        .AddBackedUp(provider => provider.GetRequiredService<ArtifactStore>().Freeze())
        .AddSingleton<IPackages, PackageStore>()
        .AddSingleton<DatasetCutter>()
        .AddSingleton<DatasetStore>()
        .AddSingleton<DatasetColumns>()
        .AddSingleton<TrainingRuns>()
        .AddSingleton<ITrainingRuns>(provider => provider.GetRequiredService<TrainingRuns>())
        .AddSingleton<ModelRegistry>()
        .AddSingleton<IModelRegistry>(provider => provider.GetRequiredService<ModelRegistry>())
        .AddSingleton<IPipelineModels, PipelineModels>()
        .AddSingleton<Evaluation>()
        .AddSingleton<TrainingQueue>()
        .AddHostedService(provider => provider.GetRequiredService<TrainingQueue>());

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapModels(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("models");
        ArtifactEndpoints.Map(api);
        PackageEndpoints.Map(api);
        DatasetEndpoints.Map(api);
        TrainingEndpoints.Map(api);
        ModelEndpoints.Map(api);
        return routes;
    }
}
