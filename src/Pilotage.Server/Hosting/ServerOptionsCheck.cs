using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;

namespace Pilotage.Server.Hosting;

/// <summary>Holds options against their declared ranges and against one another.</summary>
public static class ServerOptionsCheck
{
    /// <summary>The options, or a refusal that lists every bad one by its flag (by its name where it has none), value and what is allowed.</summary>
    public static Outcome<ServerOptions> Check(ServerOptions options)
    {
        var faults = new List<RefusalDetail>();
        AddRangeFaults(options, faults);
        if (string.IsNullOrWhiteSpace(options.DataFolder))
        {
            faults.Add(new("--data", "is empty; allowed: the path of a folder"));
        }

        if (options.MemoryMiB is > 0 and < ProcessMemory.LeastMiB)
        {
            faults.Add(new("--memory-mib", $"is {options.MemoryMiB}; allowed: 0 for what there is, or {ProcessMemory.LeastMiB} and more, with which a server without data starts"));
        }

        AddLoopbackFault("--http", options.Http, faults);
        AddOpenFault("--mqtt", options.Mqtt, options.InsecureOpen, faults);
        AddOpenFault("--ws", options.Ws, options.InsecureOpen, faults);
        if (options is { InsecureOpen: true, Mqtt: null, Ws: null })
        {
            faults.Add(new("--insecure-open", "is set but there is no --mqtt or --ws listener it could apply to"));
        }

        if (options is { Limits: not BrokerLimits.Default, InsecureOpen: false })
        {
            faults.Add(new("--limits", "is for measuring and interoperability suites; allowed only together with --insecure-open"));
        }

        if (options.TlsCert is null != options.TlsKey is null)
        {
            faults.Add(new("--tls-cert", "needs --tls-key beside it, and the other way round"));
        }

        AddMissingFileFault("--tls-ca", options.TlsCa, faults);
        AddMissingFileFault("--tls-cert", options.TlsCert, faults);
        AddMissingFileFault("--tls-key", options.TlsKey, faults);
        if (options is { Http: null, Https: null })
        {
            faults.Add(new("--http", "and --https are both off; one of them must be on"));
        }

        return faults.Count == 0
            ? options
            : new Refusal("server.options", string.Join("; ", faults.Select(f => $"{f.Where} {f.Message}"))) { Details = faults };
    }

    private static void AddRangeFaults(ServerOptions options, List<RefusalDetail> faults)
    {
        foreach (var property in typeof(ServerOptions).GetProperties())
        {
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(value))
                {
                    faults.Add(new(FlagOf(property.Name), Describe(rule, value)));
                }
            }
        }
    }

    private static string FlagOf(string property) => property switch
    {
        nameof(ServerOptions.Tenant) => "--tenant",
        nameof(ServerOptions.PublishesPerSecond) => "--publish-rate",
        nameof(ServerOptions.DiskFloorPercent) => "--disk-floor",
        nameof(ServerOptions.DiskLowPercent) => "--disk-low",
        nameof(ServerOptions.MemoryMiB) => "--memory-mib",
        nameof(ServerOptions.QualitySeriesMax) => "--quality-series",
        nameof(ServerOptions.EventsMax) => "--events-max",
        nameof(ServerOptions.EventDays) => "--event-days",
        _ => property,
    };

    private static string Describe(ValidationAttribute rule, object? value)
    {
        var allowed = rule switch
        {
            RangeAttribute range => $"{range.Minimum} to {range.Maximum}",
            _ => rule.FormatErrorMessage("value"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"is {value}; allowed: {allowed}");
    }

    private static void AddLoopbackFault(string name, IPEndPoint? endpoint, List<RefusalDetail> faults)
    {
        if (endpoint is not null && !IPAddress.IsLoopback(endpoint.Address))
        {
            faults.Add(new(name, $"is {endpoint} and not encrypted; allowed: a loopback address such as 127.0.0.1"));
        }
    }

    private static void AddOpenFault(string name, IPEndPoint? endpoint, bool isMeant, List<RefusalDetail> faults)
    {
        AddLoopbackFault(name, endpoint, faults);
        if (endpoint is not null && !isMeant)
        {
            faults.Add(new(name, $"is {endpoint} without TLS; allowed only together with --insecure-open"));
        }
    }

    private static void AddMissingFileFault(string name, string? path, List<RefusalDetail> faults)
    {
        if (path is not null && !File.Exists(path))
        {
            faults.Add(new(name, $"is {path}, which is not a readable file"));
        }
    }
}
