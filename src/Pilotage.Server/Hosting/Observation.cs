using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pilotage.Server.Access.Contracts;

namespace Pilotage.Server.Hosting;

/// <summary>Health and metrics: what an operator's tools read.</summary>
internal static class Observation
{
    public static IServiceCollection AddObservation(this IServiceCollection services) =>
        services
            .AddSingleton<PrometheusText>()
            .AddSingleton<IHealthCheck, CatalogueHealth>()
            .AddSingleton<MemoryWatch>()
            .AddSingleton<IHealthCheck>(provider => provider.GetRequiredService<MemoryWatch>())
            .AddSingleton<DiskRoom>()
            .AddSingleton<StorageWatch>()
            .AddSingleton<IHealthCheck>(provider => provider.GetRequiredService<StorageWatch>())
            .AddSingleton<IHostedService>(provider => provider.GetRequiredService<StorageWatch>());

    public static IEndpointRouteBuilder MapObservation(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Text("live\n"))
            .OpenToAll("a supervisor asks before it can hold credentials")
            .ExcludeFromDescription();
        routes.MapGet("/healthz/ready", Ready)
            .OpenToAll("names dependencies and states, nothing of any tenant");
        routes.MapGet("/metrics", (PrometheusText metrics) => TypedResults.Text(metrics.Write(), PrometheusText.ContentType))
            .OpenToAll("bounded labels without device or tenant; scrapers hold no credentials")
            .ExcludeFromDescription();

        // Started here, so that counters of the start itself are seen.
        routes.ServiceProvider.GetRequiredService<PrometheusText>();
        routes.ServiceProvider.GetRequiredService<MemoryWatch>();
        return routes;
    }

    private static JsonHttpResult<HealthReport> Ready(IEnumerable<IHealthCheck> checks)
    {
        var results = checks.Select(c => (c.Name, Why: c.WhyNot())).Select(c => new HealthResult(c.Name, c.Why is null, c.Why)).ToList();
        var status = results.TrueForAll(r => r.Ok) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return TypedResults.Json(new HealthReport(status == StatusCodes.Status200OK, results), statusCode: status);
    }

    internal sealed record HealthReport(bool Ready, IReadOnlyList<HealthResult> Checks);

    internal sealed record HealthResult(string Name, bool Ok, string? Why);

    private sealed class CatalogueHealth(ICatalogue catalogue) : IHealthCheck
    {
        public string Name => "catalogue";

        public string? WhyNot()
        {
            try
            {
                return catalogue.Read(c => c.Scalar("SELECT count(*) FROM schema_migrations")) > 0 ? null : "no migrations applied";
            }
            catch (Microsoft.Data.Sqlite.SqliteException failure)
            {
                return failure.Message;
            }
        }
    }
}

/// <summary>One dependency the server needs to do its work.</summary>
public interface IHealthCheck
{
    /// <summary>Name on the health page.</summary>
    string Name { get; }

    /// <summary>Why it does not work, or null when it does. Cheap: asked every few seconds.</summary>
    string? WhyNot();
}
