using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Pilotage.Server.Hosting;

/// <summary>Everything a server can be told; checked whole before anything is opened.</summary>
public sealed record ServerOptions
{
    /// <summary>Folder that holds all state; made if absent, used by one server at a time.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Plain HTTP for console and CLI on this machine; loopback addresses only. Port 0 takes a free one.</summary>
    public IPEndPoint? Http { get; init; } = new(IPAddress.Loopback, 8080);

    /// <summary>HTTPS for edges and enrolment; off unless given.</summary>
    public IPEndPoint? Https { get; init; }

    /// <summary>MQTT over TLS with client certificates.</summary>
    public IPEndPoint? Mqtts { get; init; } = new(IPAddress.Loopback, 8883);

    /// <summary>MQTT without TLS and without accounts; needs <see cref="InsecureOpen"/> and a loopback address.</summary>
    public IPEndPoint? Mqtt { get; init; }

    /// <summary>MQTT over WebSocket without TLS; the same conditions as for <see cref="Mqtt"/>.</summary>
    public IPEndPoint? Ws { get; init; }

    /// <summary>MQTT over WebSocket with TLS and client certificates; off unless given.</summary>
    public IPEndPoint? Wss { get; init; }

    /// <summary>When messages are acknowledged, on every listener.</summary>
    public AckTiming Acks { get; init; }

    /// <summary>The limits of the broker.</summary>
    public BrokerLimits Limits { get; init; }

    /// <summary>Messages that one device may publish in a second over time, four times as many at once; 0 for no limit.</summary>
    [Range(0, 250_000)]
    public int PublishesPerSecond { get; init; } = 50;

    /// <summary>Says that <see cref="Mqtt"/> is meant: anyone on this machine may publish as any device.</summary>
    public bool InsecureOpen { get; init; }

    /// <summary>The tenant of the admin token, and of devices on the insecure listener.</summary>
    [RegularExpression("^[a-z0-9][a-z0-9-]{0,62}$", ErrorMessage = "lower-case letters, digits and hyphens, no hyphen first, at most 63")]
    public string Tenant { get; init; } = "default";

    /// <summary>Extra roots (PEM) whose client certificates are trusted beside the server's own authority.</summary>
    public string? TlsCa { get; init; }

    /// <summary>The server's own certificate chain (PEM), instead of one issued by its authority.</summary>
    public string? TlsCert { get; init; }

    /// <summary>The key of <see cref="TlsCert"/> (PEM).</summary>
    public string? TlsKey { get; init; }

    /// <summary>Host names and addresses under which clients reach this server, written into its certificate.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Longest wait for running requests and unflushed data at shutdown.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Share of the disk in percent, 2 GiB at most, below which nothing that devices send is stored; 0 for no floor.</summary>
    [Range(0.0, 50.0)]
    public double DiskFloorPercent { get; init; } = 3;

    /// <summary>Share of the disk in percent, 10 GiB at most, below which no training and no dataset begins; 0 for no floor.</summary>
    [Range(0.0, 50.0)]
    public double DiskLowPercent { get; init; } = 10;

    /// <summary>How long a server whose storage failed still answers reads and says why, before it ends.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan FailureNotice { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Largest body of a request, in bytes; packages and artifacts are the large ones.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public long RequestBytesMax { get; init; } = 128 * 1024 * 1024;

    /// <summary>Largest body with telemetry, in bytes, unpacked.</summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int IngestBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Most requests with telemetry at once; the next one is answered 429.</summary>
    [Range(1, 1_000)]
    public int IngestRequestsMax { get; init; } = 16;

    /// <summary>Most exports of series at once, each of which takes a processor; the next one is answered 429.</summary>
    [Range(1, 100)]
    public int ExportsMax { get; init; } = 4;

    /// <summary>Most questions in SQL at once, each of which takes a processor; the next one is answered 429.</summary>
    [Range(1, 100)]
    public int SqlQuestionsMax { get; init; } = 4;

    /// <summary>How long a question in SQL may run; windows over windows can take any time, however few points they read.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SqlTimeMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest note or reason of a person on a verdict, a vote or a stop, in characters.</summary>
    [Range(100, 100_000)]
    public int NoteCharsMax { get; init; } = 2_000;

    /// <summary>Most open connections of live event streams; the next one is answered 429.</summary>
    [Range(1, 10_000)]
    public int EventStreamsMax { get; init; } = 200;

    /// <summary>Most topics that are counted one by one; messages of more topics are counted together.</summary>
    [Range(1, 1_000_000)]
    public int TopicsCountedMax { get; init; } = 20_000;

    /// <summary>
    /// Memory that the process is to do with, in MiB: objects get three quarters of it, as in a container of that size; the rest is for code,
    /// the catalogue and buffers of the kernel. 0 for what the machine or container has.
    /// </summary>
    [Range(0, 1_048_576)]
    public int MemoryMiB { get; init; }

    /// <summary>Most series whose quality is watched, about half a kilobyte of memory each; those seen least recently make room for others. 0 for none.</summary>
    [Range(0, 5_000_000)]
    public int QualitySeriesMax { get; init; } = 100_000;

    /// <summary>Most messages of a tenant that are kept because nobody understood them; the oldest make room for new ones.</summary>
    [Range(1, 100_000_000)]
    public int BadMessagesMax { get; init; } = 100_000;

    /// <summary>Most bytes of their payloads: a device that says all day what nobody reads must not fill the disk.</summary>
    [Range(64 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long BadMessageBytesMax { get; init; } = 256 * 1024 * 1024;

    /// <summary>Most events of a tenant that are kept, some hundred bytes of disk each; the oldest make room for new ones.</summary>
    [Range(1_000, 1_000_000_000)]
    public int EventsMax { get; init; } = 10_000_000;

    /// <summary>Days for which events are kept after they arrived; 0 for as long as there is room.</summary>
    [Range(0, 36_500)]
    public int EventDays { get; init; }
}

/// <summary>A set of limits by name.</summary>
public enum BrokerLimits
{
    /// <summary>Those of docs/reference/mqtt.md.</summary>
    Default,

    /// <summary>For measuring: wide, and the insecure listeners take any topic.</summary>
    Bench,

    /// <summary>What the Eclipse Paho interoperability suites expect of a broker; any topic too.</summary>
    Interop,
}

/// <summary>When a message is acknowledged.</summary>
public enum AckTiming
{
    /// <summary>Once it is on disk.</summary>
    Durable,

    /// <summary>Once it is in memory; a crash loses what was not written yet.</summary>
    Memory,
}
