using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Cli.Frame;
using Pilotage.Core.Contracts;
using Pilotage.Sdk;
using Pilotage.Sdk.Devices;

namespace Pilotage.Cli.Verbs;

/// <summary>A folder on the way to the server: a message is kept there until the server has it, however long that takes.</summary>
internal sealed class Spool(VerbFrame frame)
{
    // The client id is DEVICE:spool, so that the device's own connection stays.
    private const string Program = "spool";

    // What the library writes into the folder of a queue first.
    private const string SpoolMark = "queue.json";
    private const int WithinMostSeconds = 24 * 60 * 60;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private static readonly Column[] Published =
    [
        new("TOPIC", "topic"), new("DEVICE", "device"), new("BYTES", "bytes"), new("STATE", "state"), new("WAITING", "waiting"), new("NOTE", "note"),
    ];

    private static readonly Column[] Flushed =
    [
        new("DEVICE", "device"), new("SENT", "sent"), new("WAITING", "waiting"), new("REFUSED", "refused"), new("NOTE", "note"),
    ];

    private readonly Option<string?> _mqtts = Endpoints.Option("--mqtts", "Where the server or an edge listens with TLS; wants --identity.");
    private readonly Option<string?> _mqtt = Endpoints.Option("--mqtt", "Where the server listens without TLS, on this machine.");

    private readonly Option<string?> _identity = new("--identity")
    {
        Description = "Folder with the device's certificate and key, as device enroll --save left them.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _device = new("--device")
    {
        Description = "Id of the device; else its certificate tells, else the last level of its path.",
        HelpName = "ID",
    };

    private readonly Option<string> _within = new("--within")
    {
        Description = "How long to try to reach the server; what is not sent by then stays in the folder.",
        HelpName = "TIME",
        DefaultValueFactory = _ => "10s",
    };

    private readonly Option<bool> _givesUp = new("--give-up")
    {
        Description = "Give up what the server does not authorize, so that it does not stop what comes after it.",
    };

    public Option<string?> Folder { get; } = new("--spool")
    {
        Description = "Keep the message in this folder until the server has it, and send what waits there, in order; speaks MQTT as the device itself.",
        HelpName = "DIR",
    };

    /// <summary>What <c>publish</c> takes besides its own.</summary>
    public Symbol[] Options => [Folder, _mqtts, _mqtt, _identity, _device, _within];

    /// <summary><c>topic flush</c>.</summary>
    public static Verb Flush(VerbFrame frame)
    {
        var spool = new Spool(frame);
        var folder = VerbFrame.Name("spool", "The folder that publish --spool was given.");
        var verb = VerbFrame.With(
            new Verb(
                "flush",
                "Sends what waits in a spool: 0 when nothing is left, 7 when something still waits, 4 when the server does not authorize it, 6 when it was refused for good.",
                "pilotage topic flush /var/spool/my-pi --mqtts pilotage.plant:8883 --identity mine/my-pi --within 5m",
                "pilotage topic flush /var/spool/my-pi --mqtt 127.0.0.1:1883 --device my-pi --give-up"),
            folder,
            spool._mqtts,
            spool._mqtt,
            spool._identity,
            spool._device,
            spool._within,
            spool._givesUp);
        verb.SetAction((parsed, cancellation) => spool.FlushAsync(parsed, VerbFrame.Given(parsed.GetValue(folder), folder), cancellation));
        return verb;
    }

    /// <summary>Whether a message goes through a spool; what belongs to one is refused without it.</summary>
    public bool IsAsked(ParseResult parsed)
    {
        if (parsed.GetValue(Folder) is { } folder)
        {
            return folder.Length > 0 ? true : throw new CliFailure(ExitCode.Usage, "--spool is empty", "it names the folder that keeps the messages", "--spool /var/spool/my-pi");
        }

        Option[] own = [_mqtts, _mqtt, _identity, _device, _within];
        return Array.Find(own, option => parsed.GetResult(option) is { Implicit: false }) is { } alone
            ? throw new CliFailure(ExitCode.Usage, $"{alone.Name} goes with --spool only", "without a spool the message goes over HTTP, to --server", "--spool DIR")
            : false;
    }

    /// <summary>Done once the message is in the folder; then sends it and what waited before it, as far as the server is reached.</summary>
    public async Task<int> PublishAsync(ParseResult parsed, string topic, ReadOnlyMemory<byte> payload, byte qos, bool retain, bool isDryRun, CancellationToken cancellation)
    {
        if (qos == 0)
        {
            throw new CliFailure(ExitCode.Usage, "--qos 0 is never kept", "a spool keeps what is to arrive at least once (1) or exactly once (2)", "--qos 1");
        }

        if (!TopicPath.TryParse(topic, out var path))
        {
            throw new CliFailure(ExitCode.Usage, $"'{topic}' is no topic of a device", "expected <tenant>/<site>/…/<device>/_<class>[/<name>]", "acme/lyon/my-pi/_tele");
        }

        using var identity = Identity(parsed);
        var folder = parsed.GetValue(Folder)!;
        var options = DeviceOptions(parsed, folder, identity, path);
        if (isDryRun)
        {
            frame.Session.Output.WriteLine($"PUBLISH {topic} qos={qos} retain={(retain ? "true" : "false")} bytes={payload.Length} device={options.DeviceId} spool={folder} to={options.Endpoint}");
            return ExitCode.Done;
        }

        var within = Within(parsed);
        await using var device = await OpenAsync(options, cancellation);
        try
        {
            await device.SendAsync(topic[(path.DevicePath.Length + 1)..], payload, qos, retain, cancellation);
        }
        catch (MqttQueueException refused)
        {
            throw Told(refused, options);
        }

        var isEmpty = await IsEmptiedAsync(device, within, cancellation);
        Judge(device, folder, isEmpty);
        frame.Writer(parsed).Write(
            new JsonObject
            {
                ["topic"] = topic,
                ["device"] = options.DeviceId,
                ["bytes"] = payload.Length,
                ["state"] = isEmpty ? "sent" : "waiting",
                ["waiting"] = device.Queue!.Waiting,
                ["note"] = isEmpty ? null : $"kept in {folder}; {device.State.Why}",
            },
            Published,
            "topic");
        return ExitCode.Done;
    }

    private async Task<int> FlushAsync(ParseResult parsed, string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(Path.Combine(frame.Session.WorkingDirectory, folder)))
        {
            throw new CliFailure(ExitCode.NotFound, $"there is no folder {folder}", null, "the folder that topic publish --spool was given");
        }

        if (!File.Exists(Path.Combine(frame.Session.WorkingDirectory, folder, SpoolMark)))
        {
            throw new CliFailure(
                ExitCode.NotFound, $"{folder} is no spool: it has no {SpoolMark}", "nothing was ever kept in it", "the folder that topic publish --spool was given");
        }

        using var identity = Identity(parsed);
        var options = DeviceOptions(parsed, folder, identity, null);
        var within = Within(parsed);
        await using var device = await OpenAsync(options, cancellation);
        var isEmpty = await IsEmptiedAsync(device, within, cancellation);
        var queue = device.Queue!;
        var note = isEmpty ? null : device.State.Why;
        frame.Writer(parsed).Write(
            new JsonObject
            {
                ["device"] = options.DeviceId,
                ["sent"] = queue.Sent,
                ["waiting"] = queue.Waiting,
                ["refused"] = queue.Refused,
                ["expired"] = queue.Expired,
                ["damaged"] = queue.Damaged,
                ["note"] = note,
            },
            Flushed,
            "device");
        Judge(device, folder, isEmpty);
        return isEmpty
            ? ExitCode.Done
            : throw new CliFailure(ExitCode.TimedOut, $"{queue.Waiting} messages still wait in {folder}", note, "the same command again, or a longer --within");
    }

    /// <summary>Waits until everything is sent; ends early when the server does not let the device in.</summary>
    private async Task<bool> IsEmptiedAsync(DeviceClient device, TimeSpan within, CancellationToken cancellation)
    {
        var time = frame.Session.Time;
        var since = time.GetTimestamp();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var emptied = device.EmptyQueueAsync(enough.Token);
        while (!emptied.IsCompleted && device.Refusal is null && device.Queue is not { IsUnauthorized: true } && time.GetElapsedTime(since) < within)
        {
            await Task.WhenAny(emptied, Task.Delay(LookEvery, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }

        if (emptied.IsCompleted)
        {
            await emptied;
            return true;
        }

        await enough.CancelAsync();
        return false;
    }

    /// <summary>What the user must act on is a failure, also where the message is safe.</summary>
    private void Judge(DeviceClient device, string folder, bool isEmpty)
    {
        var queue = device.Queue!;
        if (queue.Damaged + queue.Expired > 0)
        {
            frame.Session.Error.WriteLine($"{queue.Damaged} entries of {folder} could not be read, {queue.Expired} messages had expired");
        }

        if (queue.Refused > 0)
        {
            throw new CliFailure(
                ExitCode.Refused, $"the server refused {queue.Refused} messages for good", "a device may publish below its own path only, and no larger than the server takes", "pilotage device show ID");
        }

        if (!isEmpty && queue.IsUnauthorized)
        {
            throw new CliFailure(
                ExitCode.NotAllowed,
                $"the server does not take the first message (not authorized); {queue.Waiting} messages wait in {folder}",
                "a device publishes below its own path only, and by --mqtts alone once it has a certificate",
                $"again with --mqtts and the device's --identity; or give up what is not to be sent: pilotage topic flush {folder} --give-up");
        }

        if (!isEmpty && device.Refusal is { } refusal)
        {
            throw new CliFailure(ExitCode.NotAllowed, $"the server does not let the device in; {queue.Waiting} messages wait in {folder}", refusal, "--identity with a certificate of that device; nothing is lost");
        }
    }

    private async Task<DeviceClient> OpenAsync(DeviceClientOptions options, CancellationToken cancellation)
    {
        try
        {
#pragma warning disable CA5394 // Spreads reconnections; nothing secret.
            return await DeviceClient.StartAsync(options, frame.Session.Time, new Random(Environment.ProcessId), NullLoggerFactory.Instance, cancellation);
#pragma warning restore CA5394
        }
        catch (MqttQueueException refused)
        {
            throw Told(refused, options);
        }
    }

    private static CliFailure Told(MqttQueueException refused, DeviceClientOptions options)
    {
        var folder = options.Queue!.Folder;
        return refused.Fault switch
        {
            MqttQueueFault.InUse => new(ExitCode.Conflict, $"another program uses the spool {folder}", "two would send its messages twice", "again when that one has ended"),
            MqttQueueFault.OtherClient => new(ExitCode.Conflict, refused.Message, "messages go out in the name of one device", "--spool with a folder of this device's own"),
            MqttQueueFault.Full => new(ExitCode.Refused, $"the spool {folder} is full; the message was not taken", refused.Message, $"pilotage topic flush {folder}"),
            MqttQueueFault.DiskFull => new(ExitCode.Failed, $"the disk of {folder} has no room; the message was not taken", refused.Message, "make room; what waits is kept"),
            _ => new(ExitCode.Failed, refused.Message, $"the spool {folder} cannot be used", "--spool with another folder"),
        };
    }

    private DeviceClientOptions DeviceOptions(ParseResult parsed, string folder, DeviceIdentity? identity, TopicPath? path)
    {
        var id = parsed.GetValue(_device) ?? identity?.DeviceId ?? path?.DeviceName
            ?? throw new CliFailure(ExitCode.Usage, "whose messages they are is not known", "without a certificate the device must be named", "--device ID");
        return new()
        {
            Endpoint = Endpoint(parsed),
            DeviceId = id,
            Path = path?.DevicePath ?? "",
            Program = Program,
            Certificate = identity?.Certificate,
            Roots = identity is null ? [] : [identity.Authority],
            Queue = new() { Folder = Path.Combine(frame.Session.WorkingDirectory, folder), KeepsUnauthorized = !parsed.GetValue(_givesUp) },
            BackoffMin = TimeSpan.FromMilliseconds(100),
            BackoffMax = TimeSpan.FromSeconds(2),
        };
    }

    private DeviceIdentity? Identity(ParseResult parsed)
    {
        if (parsed.GetValue(_identity) is not { } folder)
        {
            return null;
        }

        try
        {
            return DeviceIdentity.Load(Path.Combine(frame.Session.WorkingDirectory, folder));
        }
        catch (IOException failure)
        {
            throw new CliFailure(ExitCode.Usage, $"--identity {folder} holds no identity of a device", failure.Message, "--identity with the folder that device enroll --save was given");
        }
    }

    private MqttEndpoint Endpoint(ParseResult parsed)
    {
        var (option, text) = (parsed.GetValue(_mqtts), parsed.GetValue(_mqtt)) switch
        {
            ({ } tls, null) when parsed.GetValue(_identity) is not null => (_mqtts.Name, tls),
            (null, { } plain) when parsed.GetValue(_identity) is null => (_mqtt.Name, plain),
            ({ }, null) => throw new CliFailure(ExitCode.Usage, "--mqtts wants --identity", "a listener with TLS asks for the device's certificate", "--identity with the folder that device enroll --save was given"),
            _ => throw new CliFailure(ExitCode.Usage, "where to send is not known", "give --mqtts with --identity, or --mqtt without", "--mqtts 127.0.0.1:8883 --identity mine/my-pi"),
        };
        var address = Endpoints.Name(text, option);
        return address.Port > 0
            ? MqttEndpoint.Tcp(address.Host, address.Port)
            : throw new CliFailure(ExitCode.Usage, $"{option}: nobody listens on port 0", null, $"{option} 127.0.0.1:8883");
    }

    private TimeSpan Within(ParseResult parsed) =>
        TimeSpan.FromSeconds(Duration.Seconds(_within.Name, parsed.GetValue(_within)!, WithinMostSeconds));
}
