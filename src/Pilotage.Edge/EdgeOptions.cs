using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Runtime.InteropServices;

namespace Pilotage.Edge;

/// <summary>Everything one edge needs to know. Only the folder and where the server is are required.</summary>
public sealed record EdgeOptions
{
    /// <summary>Where the edge keeps its identity, buffer, releases and state.</summary>
    [Required]
    public required string DataPath { get; init; }

    /// <summary>The server's HTTP address, for enrolment and artifacts.</summary>
    [Required]
    public required Uri Server { get; init; }

    /// <summary>The server's MQTT listener with TLS, host and port.</summary>
    [Required]
    public required DnsEndPoint Mqtts { get; init; }

    /// <summary>The one-time code, needed at the first start only.</summary>
    public string? EnrolmentCode { get; init; }

    /// <summary>Where devices behind this edge connect with their certificates; port 0 takes a free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Names and addresses under which devices reach <see cref="Listen"/>; they stand in the edge's certificate.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["127.0.0.1", "localhost"];

    /// <summary>Messages a second that a device may publish here; one that sends more is read more slowly. Default 50; 0 for no limit.</summary>
    [Range(0, 1_000_000)]
    public int PublishesPerSecond { get; init; } = 50;

    /// <summary>The hardware class releases are matched against.</summary>
    public string Hardware { get; init; } = $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>How often a worker gives a sign of life, and the edge reports. Default 2 s.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A worker silent for longer is killed. Default 10 s; it includes the time one input may take.</summary>
    public TimeSpan Watchdog { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a new worker may take to load and give its golden answers. Default 60 s.</summary>
    public TimeSpan ProveWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most memory a worker may hold, in bytes; a leaking one is killed. Default 1 GiB.</summary>
    [Range(64L * 1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long WorkerBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>
    /// How long telemetry and inferences gather before they are sent on, 0 to an hour. Default 0.25 s. The longer, the fewer bytes
    /// a point takes; events and alerts never wait, and half a megabyte is sent at once.
    /// </summary>
    public TimeSpan UplinkLinger { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Bytes that may go to the server a day, by UTC; telemetry and clips beyond it wait for the next, alerts and events are counted and go. Default 0: no bound.</summary>
    [Range(0, long.MaxValue)]
    public long UplinkBytesPerDay { get; init; }

    /// <summary>Bytes of telemetry and clips that may go to the server a second, so that catching up leaves the link to others. Default 0: no bound.</summary>
    [Range(0, long.MaxValue)]
    public long UplinkBytesPerSecond { get; init; }

    /// <summary>The longest wait between two attempts to reach the server. Default 30 s.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Store-and-forward buffer for telemetry, inferences and clips, in bytes. Default 1 GiB; past it the oldest clips are dropped, then the oldest telemetry, and the server is told which.</summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long BufferBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Telemetry kept after it was forwarded, in bytes, so that a new version starts with full windows. Default 64 MiB.</summary>
    [Range(0, 1024L * 1024 * 1024 * 1024)]
    public long HistoryBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>Buffer for events and states, and another one as large for alerts, kept apart so that telemetry never pushes them out. Default 128 MiB.</summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long EventBufferBytesMax { get; init; } = 128L * 1024 * 1024;

    /// <summary>Starts of one release after which it counts as a crash loop. Default 3.</summary>
    [Range(1, 100)]
    public int CrashLoopStarts { get; init; } = 3;

    /// <summary>The program that runs workers; by default this very executable.</summary>
    public string? WorkerProgram { get; init; }

    /// <summary>What stands before the worker's own arguments. Default <c>edge worker</c>.</summary>
    public IReadOnlyList<string> WorkerArguments { get; init; } = ["edge", "worker"];
}
