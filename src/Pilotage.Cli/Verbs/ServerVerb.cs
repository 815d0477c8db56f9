using System.CommandLine;
using Pilotage.Cli.Frame;
using Pilotage.Server.Hosting;

namespace Pilotage.Cli.Verbs;

/// <summary><c>server</c>: runs the platform in the foreground.</summary>
internal static class ServerVerb
{
    public static Verb Create(VerbFrame frame)
    {
        var data = new Option<string>("--data") { Description = "Folder that holds all state.", Required = true, HelpName = "DIR" };
        var http = Endpoints.Option("--http", "Plain HTTP for console and CLI, loopback only. Default 127.0.0.1:8080.");
        var https = Endpoints.Option("--https", "HTTPS for edges and enrolment from elsewhere; off unless given.");
        var mqtts = Endpoints.Option("--mqtts", "MQTT with TLS and client certificates. Default 127.0.0.1:8883.");
        var mqtt = Endpoints.Option("--mqtt", "MQTT without TLS and accounts; needs --insecure-open, loopback only.");
        var wss = Endpoints.Option("--wss", "MQTT over WebSocket, path /mqtt, with TLS and client certificates; off unless given.");
        var ws = Endpoints.Option("--ws", "The same without TLS and accounts; needs --insecure-open, loopback only.");
        var acks = new Option<string>("--acks")
        {
            Description = "When a message is acknowledged: once on disk (durable, the default), or once in memory: faster, and a crash loses the last of them.",
            HelpName = "durable|memory",
        };
        var limits = new Option<string>("--limits")
        {
            Description = "Limits of the broker: default; with --insecure-open also bench, for measuring, and interop, for the Eclipse Paho suites.",
            HelpName = "default|bench|interop",
        };
        var rate = new Option<int?>("--publish-rate")
        {
            Description = "Messages a second that one device may publish over time, four times as many at once; above it the device is read more slowly. Default 50; 0 for no limit.",
            HelpName = "N",
        };
        var floor = new Option<double?>("--disk-floor")
        {
            Description = "Free share of the disk in percent, 2 GiB at most, below which nothing that devices send is stored. Default 3; 0 for no floor.",
            HelpName = "PERCENT",
        };
        var low = new Option<double?>("--disk-low")
        {
            Description = "The same, 10 GiB at most, below which no training and no dataset begins. Default 10; 0 for no floor.",
            HelpName = "PERCENT",
        };
        var memory = new Option<int?>("--memory-mib")
        {
            Description = "Memory the process is to do with, in MiB, 256 at least. Default 0: what the machine or container has.",
            HelpName = "MIB",
        };
        var quality = new Option<int?>("--quality-series")
        {
            Description = "Series whose quality is watched, half a kilobyte of memory each; those seen least recently make room. Default 100000; 0 for none.",
            HelpName = "N",
        };
        var events = new Option<int?>("--events-max") { Description = "Events of a tenant that are kept; the oldest make room. Default 10000000.", HelpName = "N" };
        var days = new Option<int?>("--event-days") { Description = "Days for which events are kept. Default 0: for as long as there is room.", HelpName = "DAYS" };
        acks.AcceptOnlyFromAmong("durable", "memory");
        limits.AcceptOnlyFromAmong("default", "bench", "interop");
        var open = new Option<bool>("--insecure-open") { Description = "Say that --mqtt or --ws is meant: anyone on this machine may publish as any device." };
        var tenant = new Option<string?>("--tenant") { Description = "Tenant of the admin token. Default 'default'.", HelpName = "NAME" };
        var ca = new Option<string?>("--tls-ca") { Description = "Further roots (PEM) for client certificates.", HelpName = "FILE" };
        var cert = new Option<string?>("--tls-cert") { Description = "The server's own certificate chain (PEM).", HelpName = "FILE" };
        var key = new Option<string?>("--tls-key") { Description = "Its key (PEM).", HelpName = "FILE" };
        var stdin = HostVerbs.UntilStdinEnds();
        var verb = VerbFrame.With(
            new Verb(
                "server",
                "Runs the server in the foreground: one ready line, SIGTERM drains and ends with 0.",
                "pilotage server --data /var/lib/pilotage --http 127.0.0.1:8080 --mqtts 127.0.0.1:8883",
                "pilotage server --data ./data --mqtt 127.0.0.1:1883 --insecure-open"),
            data, http, https, mqtts, mqtt, wss, ws, open, acks, limits, rate, floor, low, memory, quality, events, days, tenant, ca, cert, key, stdin);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var defaults = new ServerOptions { DataFolder = parsed.GetValue(data)! };
            var options = defaults with
            {
                Http = Endpoints.Address(parsed, http) ?? defaults.Http,
                Https = Endpoints.Address(parsed, https),
                Mqtts = Endpoints.Address(parsed, mqtts) ?? defaults.Mqtts,
                Mqtt = Endpoints.Address(parsed, mqtt),
                Wss = Endpoints.Address(parsed, wss),
                Ws = Endpoints.Address(parsed, ws),
                Acks = Word<AckTiming>(parsed.GetValue(acks)),
                Limits = Word<BrokerLimits>(parsed.GetValue(limits)),
                PublishesPerSecond = parsed.GetValue(rate) ?? defaults.PublishesPerSecond,
                DiskFloorPercent = parsed.GetValue(floor) ?? defaults.DiskFloorPercent,
                DiskLowPercent = parsed.GetValue(low) ?? defaults.DiskLowPercent,
                MemoryMiB = parsed.GetValue(memory) ?? defaults.MemoryMiB,
                QualitySeriesMax = parsed.GetValue(quality) ?? defaults.QualitySeriesMax,
                EventsMax = parsed.GetValue(events) ?? defaults.EventsMax,
                EventDays = parsed.GetValue(days) ?? defaults.EventDays,
                InsecureOpen = parsed.GetValue(open),
                Tenant = parsed.GetValue(tenant) ?? defaults.Tenant,
                TlsCa = parsed.GetValue(ca),
                TlsCert = parsed.GetValue(cert),
                TlsKey = parsed.GetValue(key),
            };
            if (!ServerOptionsCheck.Check(options).TryGet(out _, out var refusal))
            {
                throw new CliFailure(ExitCode.Usage, refusal.Message, null, string.Join("; ", refusal.Details.Select(fault => Instead(fault.Where)).Distinct()));
            }

            using var stopping = HostVerbs.Stopping(parsed.GetValue(stdin), cancellation);
            return await ServerHost.RunAsync(options, frame.Session.Output, frame.Session.Error, stopping.Token);
        });
        return verb;
    }

    /// <summary>What to give in place of a flag that was refused.</summary>
    private static string Instead(string flag) => flag switch
    {
        "--http" => "--http 127.0.0.1:8080, and --https 0.0.0.0:8443 for other machines",
        "--mqtt" => "--mqtt 127.0.0.1:1883 --insecure-open for this machine, or --mqtts 0.0.0.0:8883 with certificates for others",
        "--ws" => "--ws 127.0.0.1:8083 --insecure-open for this machine, or --wss 0.0.0.0:8084 with certificates for others",
        "--insecure-open" => "--insecure-open --mqtt 127.0.0.1:1883, or neither",
        "--limits" => "--limits bench --insecure-open --mqtt 127.0.0.1:1883, or without --limits",
        "--tls-cert" or "--tls-key" => "--tls-cert FILE --tls-key FILE, or neither for a certificate of the server's own authority",
        "--tls-ca" => "--tls-ca FILE, a file of certificates (PEM)",
        "--publish-rate" => "--publish-rate 50, or 0 for no limit",
        "--disk-floor" => "--disk-floor 3, or 0 for no floor",
        "--disk-low" => "--disk-low 10, or 0 for no floor",
        "--memory-mib" => "--memory-mib 1536, or 0 for what there is",
        "--quality-series" => "--quality-series 100000, or 0 for none",
        "--events-max" => "--events-max 10000000",
        "--event-days" => "--event-days 365, or 0 for no end",
        "--tenant" => "--tenant acme",
        "--data" => "--data ./data",
        _ => "pilotage server --help",
    };

    /// <summary>One of the words that the option takes; the first of the enumeration when it is not given.</summary>
    private static T Word<T>(string? word)
        where T : struct, Enum => word is null ? default : Enum.Parse<T>(word, ignoreCase: true);
}
