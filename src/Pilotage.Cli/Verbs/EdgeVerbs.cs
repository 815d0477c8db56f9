using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Edge;

namespace Pilotage.Cli.Verbs;

/// <summary><c>edge</c>: runs the agent beside the machines.</summary>
internal static class EdgeVerbs
{
    private const double SecondsMin = 0.2;
    private const double SecondsMax = 3600;
    private const double LingerMin = 0;
    private const int RateMax = 1_000_000;
    private const long PerDayMin = 100_000;
    private const long PerSecondMin = 100;
    private const string NewCode = "pilotage device enroll EDGE --path TENANT/SITE/EDGE --thing edge";

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("edge", "The agent beside the machines: local broker, buffer, pipelines, updates."), Run(frame), Worker());

    private static Verb Run(VerbFrame frame)
    {
        var data = new Option<string>("--data") { Description = "Folder that holds identity, buffer and releases.", Required = true, HelpName = "DIR" };
        var server = new Option<string>("--server") { Description = "The server's HTTP address, for enrolment and artifacts.", Required = true, HelpName = "URL" };
        var mqtts = new Option<string>("--mqtts") { Description = "The server's MQTT listener with TLS.", Required = true, HelpName = "HOST:PORT" };
        var code = new Option<string?>("--code") { Description = "The one-time code; needed at the first start only.", HelpName = "CODE" };
        var listen = Endpoints.Option("--listen", "Where devices behind this edge connect. Default a free port on 127.0.0.1.");
        var heartbeat = Seconds("--heartbeat", "How often workers give a sign of life and the edge reports. Default 2.");
        var watchdog = Seconds("--watchdog", "A worker silent for longer is killed. Default 10.");
        var linger = Seconds("--linger", "How long telemetry gathers before it is sent on; longer takes fewer bytes a point. Default 0.25.");
        var rate = new Option<int?>("--publish-rate") { Description = "Messages a second that a device may publish here. Default 50; 0 for no limit.", HelpName = "N" };
        var perDay = Bytes("--uplink-bytes-per-day", "Bytes that may go to the server a day, by UTC; telemetry beyond it waits, alerts and events go. Default no bound.");
        var perSecond = Bytes("--uplink-bytes-per-second", "Bytes of telemetry that may go to the server a second. Default no bound.");
        var stdin = HostVerbs.UntilStdinEnds();
        var verb = VerbFrame.With(
            new Verb(
                "run",
                "Runs an edge in the foreground: one ready line, SIGTERM drains and ends with 0.",
                "pilotage edge run --data /var/lib/pilotage-edge --server https://pilotage.plant:8443 --mqtts pilotage.plant:8883 --code CODE",
                "pilotage edge run --data ./edge --server http://127.0.0.1:8080 --mqtts 127.0.0.1:8883 --listen 127.0.0.1:8884",
                "pilotage edge run --data ./edge --server https://plant:8443 --mqtts plant:8883 --linger 60 --uplink-bytes-per-day 20000000"),
            data, server, mqtts, code, listen, heartbeat, watchdog, linger, rate, perDay, perSecond, stdin);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var text = parsed.GetValue(server)!;
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                throw new CliFailure(ExitCode.Usage, $"--server: '{text}' is not a URL", null, "--server http://127.0.0.1:8080");
            }

            var defaults = new EdgeOptions { DataPath = parsed.GetValue(data)!, Server = address, Mqtts = Endpoints.Name(parsed.GetValue(mqtts)!, "--mqtts") };
            var options = defaults with
            {
                EnrolmentCode = parsed.GetValue(code),
                Listen = Endpoints.Address(parsed, listen) ?? defaults.Listen,
                Heartbeat = Duration(parsed, heartbeat) ?? defaults.Heartbeat,
                Watchdog = Duration(parsed, watchdog) ?? defaults.Watchdog,
                UplinkBytesPerDay = Bound(parsed, perDay, PerDayMin) ?? defaults.UplinkBytesPerDay,
                UplinkBytesPerSecond = Bound(parsed, perSecond, PerSecondMin) ?? defaults.UplinkBytesPerSecond,
                PublishesPerSecond = Rate(parsed, rate) ?? defaults.PublishesPerSecond,
                UplinkLinger = Duration(parsed, linger, LingerMin) ?? defaults.UplinkLinger,
            };
            using var stopping = HostVerbs.Stopping(parsed.GetValue(stdin), cancellation);
            return await RunAsync(frame, options, stopping.Token);
        });
        return verb;
    }

    private static async Task<int> RunAsync(VerbFrame frame, EdgeOptions options, CancellationToken stopping)
    {
        using var logs = Logs();
        try
        {
            var outcome = await EdgeHost.RunAsync(
                options, TimeProvider.System, logs, endpoint =>
                {
                    frame.Session.Output.WriteLine($"ready mqtts={endpoint}");
                    frame.Session.Output.Flush();
                }, stopping);
            return outcome.TryGet(out _, out var refusal) ? ExitCode.Done : throw Told(refusal, options);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Failed, failure.Message, $"the edge keeps everything it must not lose in {options.DataPath}", "--data with a folder that you may write to");
        }
    }

    /// <summary>A refusal of the agent with what to do about it.</summary>
    private static CliFailure Told(Refusal refusal, EdgeOptions options) => refusal.Code switch
    {
        "edge.data_in_use" => new(ExitCode.Conflict, refusal.Message, null, "--data with a folder of its own, and a code of its own for --code"),
        "edge.listen_taken" => new(ExitCode.Conflict, refusal.Message, "devices behind this edge connect there", "--listen with another port, or without --listen for a free one"),
        "edge.listen_denied" => new(ExitCode.Failed, refusal.Message, "devices behind this edge connect there", "--listen with an address of this machine and a port above 1023"),
        "edge.not_enrolled" => new(ExitCode.Usage, refusal.Message, $"{options.DataPath} holds no identity", $"{NewCode} prints a code for --code"),
        "edge.code_malformed" => new(ExitCode.Usage, refusal.Message, null, $"--code with the whole code; {NewCode} prints a new one"),
        "edge.enrolment_refused" => new(ExitCode.NotAllowed, refusal.Message, null, $"--code with a new code, which {NewCode} prints"),
        "edge.impostor" => new(ExitCode.NotAllowed, refusal.Message, "a code works with the server that made it and with no other", "--server with the address of that server"),
        "edge.server_unreachable" => new(ExitCode.Failed, refusal.Message, null, "is the server running? --server is the http= or https= address of its ready line"),
        "edge.mqtts_unreachable" => new(ExitCode.Failed, refusal.Message, null, "is the server running? --mqtts is the mqtts= address of its ready line"),
        _ => new(ExitCode.Failed, refusal.Message),
    };

    private static Verb Worker()
    {
        var verb = new Verb("worker", "Runs one release for the supervisor: orders by standard input, reports by standard output.") { Hidden = true };
        verb.SetAction(async (_, cancellation) =>
        {
            using var logs = Logs();
            return await EdgeHost.RunWorkerAsync(TimeProvider.System, logs, cancellation);
        });
        return verb;
    }

    /// <summary>Standard output carries the ready line or a worker's reports, so everything else goes to standard error.</summary>
    private static ILoggerFactory Logs() => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(LogLevel.Information)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        })
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    private static Option<double?> Seconds(string name, string description) => new(name) { Description = description, HelpName = "SECONDS" };

    private static Option<long?> Bytes(string name, string description) => new(name) { Description = description, HelpName = "BYTES" };

    private static long? Bound(ParseResult parsed, Option<long?> option, long least) => parsed.GetValue(option) switch
    {
        { } bytes when bytes != 0 && bytes < least => throw new CliFailure(ExitCode.Usage, $"{option.Name}: {bytes} is out of range", $"{least} bytes or more, or 0 for no bound", $"{option.Name} {100 * least}"),
        var bytes => bytes,
    };

    private static int? Rate(ParseResult parsed, Option<int?> option) => parsed.GetValue(option) switch
    {
        null => null,
        >= 0 and <= RateMax and { } rate => rate,
        { } rate => throw new CliFailure(ExitCode.Usage, $"{option.Name}: {rate} is out of range", $"messages a second from 0 to {RateMax}", $"{option.Name} 50"),
    };

    private static TimeSpan? Duration(ParseResult parsed, Option<double?> option, double least = SecondsMin) => parsed.GetValue(option) switch
    {
        null => null,
        { } seconds when seconds >= least && seconds <= SecondsMax => TimeSpan.FromSeconds(seconds),
        { } seconds => throw new CliFailure(ExitCode.Usage, $"{option.Name}: {seconds} is out of range", $"seconds from {least} to {SecondsMax}", $"{option.Name} 2"),
    };
}
