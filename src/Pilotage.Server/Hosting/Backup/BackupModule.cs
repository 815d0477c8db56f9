using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>Backups of a running server.</summary>
internal static class BackupModule
{
    /// <summary>Registers it and what lies under all modules; modules register their own, and are frozen after it in their order.</summary>
    public static IServiceCollection AddBackup(this IServiceCollection services, Catalogue catalogue, DataFolder folder) => services
        .AddSingleton<BackupEndpoints>()

        // Before the catalogue and the series: a pipeline goes on from where it is, so what it says that it has stored has to be there.
        .AddBackedUp(_ => [.. BackedUp.FilesOf(folder.Pipelines, DataFolder.PipelinesFolder)])
        .AddBackedUp(_ => catalogue.Freeze())
        .AddBackedUp(_ => [.. BackedUp.FilesOf(folder.Files, null, DataFolder.IsKept)])
        .AddBackedUp(_ => [.. BackedUp.FilesOf(folder.Keys, DataFolder.KeysFolder)]);

    /// <summary>Registers state of a module that a backup has to hold.</summary>
    public static IServiceCollection AddBackedUp(this IServiceCollection services, Func<IServiceProvider, IEnumerable<FrozenFile>> freeze) =>
        services.AddSingleton<IBackedUp>(provider => new BackedUp(() => freeze(provider)));

    public static IEndpointRouteBuilder MapBackup(this IEndpointRouteBuilder routes)
    {
        BackupEndpoints.Map(routes);
        return routes;
    }
}
