using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Server.Access;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting.Description;
using Pilotage.Trust;

namespace Pilotage.Server.Hosting;

/// <summary>Listeners, JSON, problems, logging: what all routes share.</summary>
internal static class HttpFrame
{
    public static void Configure(WebApplicationBuilder builder, ServerOptions options, ServerKeys keys)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options, keys));
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);

        // The host would print the stack of a start that fails, which ends as one line of ours; later faults are its to tell.
        var started = new StartMark();
        builder.Services.AddSingleton(started);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => started.IsSet && level >= LogLevel.Warning);
        var services = builder.Services;

        // Standard output carries the ready line and nothing else.
        services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        services.AddRouting();
        services.AddSingleton<FaultLog>().AddExceptionHandler<MemoryFaults>().AddExceptionHandler<StorageFaults>().AddSingleton<RequestFaults>();
        services.AddSingleton<IExceptionHandler>(provider => provider.GetRequiredService<RequestFaults>());
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json => BodyRules.Apply(Json.Configure(json.SerializerOptions)));
        services.AddOpenApi("v1", ApiDocument.Configure);
    }

    public static void Use(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => app.Services.GetRequiredService<RequestFaults>().ExplainAsync(context.HttpContext));
        app.UseRouting();
        app.Use(RouteNames.Decode);
        app.UseMiddleware<AccessGate>();
        app.UseMiddleware<QueryGate>();
        app.MapOpenApi("/openapi/{documentName:regex(^v1$)}.json").OpenToAll("the description of the API is public");
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, ServerKeys keys)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.RequestBytesMax;
        if (options.Http is { } http)
        {
            kestrel.Listen(http, listen =>
            {
                listen.Use(next => Descriptors.Keep(next, "http"));
                listen.Protocols = HttpProtocols.Http1;
            });
        }

        if (options.Https is { } https)
        {
            kestrel.Listen(https, listen =>
            {
                listen.Use(next => Descriptors.Keep(next, "https"));
                listen.UseHttps(tls =>
                {
                    tls.ServerCertificate = keys.Certificate;
                    tls.ServerCertificateChain = keys.Chain;
                    tls.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    tls.ClientCertificateValidation = (certificate, _, _) => keys.ClientTrust.Check(certificate, PeerPurpose.Client).IsOk;
                });
            });
        }
    }
}

/// <summary>Whether the server has started: before that a fault is the start's, told on one line.</summary>
internal sealed class StartMark
{
    private volatile bool _isSet;

    public bool IsSet => _isSet;

    public void Set() => _isSet = true;
}

/// <summary>How JSON looks on the wire: camelCase, enums as words, numbers as numbers, nothing null.</summary>
public static class Json
{
    /// <summary>The options for code that writes the same JSON outside a route.</summary>
    public static JsonSerializerOptions Web { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    internal static JsonSerializerOptions Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        return json;
    }
}
