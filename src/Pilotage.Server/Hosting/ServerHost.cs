using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pilotage.Server.Access;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fleet;
using Pilotage.Server.Hosting.Backup;
using Pilotage.Server.Models;
using Pilotage.Server.Portfolio;
using Pilotage.Server.Rollouts;

namespace Pilotage.Server.Hosting;

/// <summary>The server as one process: the only place that knows every module.</summary>
public static class ServerHost
{
    private const int ExitDone = 0;
    private const int ExitFailed = 1;
    private const int ExitUsage = 2;

    /// <summary>
    /// Runs until <paramref name="stopping"/>, then drains; 0 when it ended as asked, 1 when it could not start or go on, 2 when the options are wrong.
    /// </summary>
    /// <remarks>Prints one <c>ready</c> line to <paramref name="output"/>; what prevents a start is one line on <paramref name="errors"/>.</remarks>
    public static Task<int> RunAsync(ServerOptions options, TextWriter output, TextWriter errors, CancellationToken stopping) =>
        RunAsync(options, new Disk(), output, errors, stopping);

    /// <summary>The same on a disk of the caller's.</summary>
    internal static async Task<int> RunAsync(
        ServerOptions options, Disk disk, TextWriter output, TextWriter errors, CancellationToken stopping)
    {
        if (!ServerOptionsCheck.Check(options).TryGet(out _, out var refusal))
        {
            return await SayAsync(errors, refusal, ExitUsage);
        }

        ProcessMemory.Bound(options);
        if (!DataFolder.Open(options.DataFolder, disk).TryGet(out var folder, out refusal))
        {
            return await SayAsync(errors, refusal, ExitFailed);
        }

        using (folder)
        {
            return await RunInAsync(folder, options, output, errors, stopping);
        }
    }

    /// <summary>Everything but the start: what tests of routes and documents look at.</summary>
    internal static Outcome<WebApplication> Build(DataFolder folder, ServerOptions options, TimeProvider time)
    {
        if (!ServerKeys.Open(folder, options, time).TryGet(out var keys, out var refusal))
        {
            return refusal;
        }

        var catalogue = new Catalogue(folder.Root, folder.Disk.SyncsCatalogue);
        if (!Migrations.Apply(catalogue, time.NowNs()).TryGet(out _, out refusal))
        {
            catalogue.Dispose();
            keys.Dispose();
            return refusal;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Pilotage.Server" });
        HttpFrame.Configure(builder, options, keys);
        builder.Services
            .AddSingleton(time)
            .AddSingleton(folder)
            .AddSingleton(options)
            .AddSingleton(keys)
            .AddSingleton<ICatalogue>(_ => catalogue)
            .AddSingleton<IStorage>(_ => catalogue)
            .AddSingleton<IHostLifetime, CallerLifetime>();
        builder.Services
            .AddObservation()
            .AddBackup(catalogue, folder)
            .AddAccess()
            .AddFleet()
            .AddFabric()
            .AddModels()
            .AddRollouts()
            .AddPortfolio();

        var app = builder.Build();
        HttpFrame.Use(app);
        app.MapObservation().MapBackup().MapAccess().MapFleet().MapFabric().MapModels().MapRollouts().MapPortfolio();
        return app;
    }

    private static async Task<int> RunInAsync(
        DataFolder folder, ServerOptions options, TextWriter output, TextWriter errors, CancellationToken stopping)
    {
        try
        {
            if (ListenCheck.WhyNot(options) is { } taken)
            {
                return await SayAsync(errors, taken, ExitFailed);
            }

            if (!Build(folder, options, TimeProvider.System).TryGet(out var app, out var refusal))
            {
                return await SayAsync(errors, refusal, ExitFailed);
            }

            await using (app)
            {
                await app.StartAsync(stopping);
                app.Services.GetRequiredService<StartMark>().Set();
                await output.WriteLineAsync(ReadyLine.Of(app));
                await output.FlushAsync(stopping);
                await app.WaitForShutdownAsync(stopping);
                return app.Services.GetRequiredService<StorageWatch>().Failure is { } failure
                    ? await SayAsync(errors, Failed(folder, failure), ExitFailed)
                    : ExitDone;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return ExitDone;
        }
        catch (StartRefusedException refused)
        {
            return await SayAsync(errors, refused.Refusal, ExitFailed);
        }
        catch (Exception failure) when (StorageFaults.AtStart(failure, folder.Root) is not null)
        {
            return await SayAsync(errors, StorageFaults.AtStart(failure, folder.Root)!, ExitFailed);
        }
    }

    private static async Task<int> SayAsync(TextWriter errors, Refusal refusal, int exitCode)
    {
        await errors.WriteLineAsync($"error: {refusal.Message}");
        return exitCode;
    }

    private static Refusal Failed(DataFolder folder, string failure) => new(
        "server.storage_failed",
        $"{failure} What was acknowledged is safe and nothing was acknowledged after it. Check the disk of {folder.Root}, then start the server again.");

    /// <summary>The caller's token stops the host, not signals and keys: the server may share its process.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
