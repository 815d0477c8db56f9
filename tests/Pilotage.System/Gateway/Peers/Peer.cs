using System.ComponentModel;
using System.Text.Json;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Gateway.Peers;

/// <summary>A client that somebody else wrote, run as a process of its own.</summary>
internal abstract class Peer
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Only asked of the drivers, which sit beside the test's source and find MQTT.js in artifacts/peers.
    private static readonly string Root = FindRoot();

    /// <summary>What the peers are called, each with the transports it speaks.</summary>
    public static IReadOnlyDictionary<string, string[]> Transports { get; } = new Dictionary<string, string[]>
    {
        // Debian's mosquitto_pub and mosquitto_sub speak no WebSocket.
        ["mosquitto"] = ["tcp", "tls", "mutual"],
        ["mqttjs"] = PeerListeners.Names,
        ["paho"] = PeerListeners.Names,
    };

    public static Peer Named(string name) => name switch
    {
        "mosquitto" => new MosquittoPeer(),
        "mqttjs" => new ScriptPeer("node", "mqttjs.mjs", "install Node 20 with npm"),

        // Debian's package belongs to Debian's Python, whichever comes first on the path.
        "paho" => new ScriptPeer("/usr/bin/python3", "paho_mqtt.py", "apt-get install python3-paho-mqtt"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such peer"),
    };

    /// <summary>Starts one run.</summary>
    public abstract ChildProcess Start(PeerCall call);

    /// <summary>Starts one run that subscribes, and waits until it has.</summary>
    public async Task<ChildProcess> SubscribeAsync(PeerCall call)
    {
        var run = Start(call);
        await run.WaitForAsync(SubscribedStart, Patience);
        return run;
    }

    /// <summary>The payloads' numbers of the messages that a run of mode <c>stream</c> has seen through, as they come.</summary>
    public async Task<int> NextPublishedAsync(ChildProcess run, PeerCall call)
    {
        var start = PublishedStart(call);
        var line = await run.WaitForAsync(start, Patience);
        return int.Parse(string.Concat(line[start.Length..].TakeWhile(char.IsDigit)));
    }

    /// <summary>Publishes once with each QoS of the call, in order, and comes back when all are acknowledged.</summary>
    public virtual Task PublishAsync(PeerCall call) => SeeThroughAsync(call);

    public static async Task<PeerMessage> NextMessageAsync(ChildProcess run) =>
        Message(await run.WaitForAsync(MessageStart, Patience));

    /// <summary>Messages as they come, until the run ends.</summary>
    public static IAsyncEnumerable<PeerMessage> MessagesAsync(ChildProcess run) => run.LinesAsync().Where(IsMessage).Select(Message);

    /// <summary>All messages of a run that ends by itself.</summary>
    public async Task<IReadOnlyList<PeerMessage>> ReceiveAsync(PeerCall call)
    {
        var lines = await SeeThroughAsync(call);
        return [.. lines.Where(IsMessage).Select(Message)];
    }

    protected const string MessageStart = "message ";

    /// <summary>How the line begins that says that the subscription holds.</summary>
    protected virtual string SubscribedStart => "subscribed";

    /// <summary>How a line begins that says that an exchange is complete; the number of the payload follows.</summary>
    protected virtual string PublishedStart(PeerCall call) => "published ";

    /// <summary>Waits for a run's end, which must be a good one, and gives its lines.</summary>
    protected async Task<IReadOnlyList<string>> SeeThroughAsync(PeerCall call)
    {
        await using var run = Start(call);
        var lines = await run.EndAsync().WaitAsync(Patience);
        Assert.True(run.ExitCode == 0, $"ended with {run.ExitCode}: {string.Join('\n', lines)}\n{run.Errors}");
        return lines;
    }

    protected static ChildProcess Start(string program, IEnumerable<string> arguments, string remedy)
    {
        try
        {
            return ChildProcess.Start(program, arguments);
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is missing; {remedy}", missing);
        }
    }

    private static bool IsMessage(string line) => line.StartsWith(MessageStart, StringComparison.Ordinal);

    private static PeerMessage Message(string line) =>
        JsonSerializer.Deserialize<PeerMessage>(line[MessageStart.Length..], JsonSerializerOptions.Web)!;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pilotage.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    /// <summary>A library behind one of the drivers.</summary>
    private sealed class ScriptPeer(string program, string script, string remedy) : Peer
    {
        public override ChildProcess Start(PeerCall call)
        {
            if (script == "mqttjs.mjs" && !Directory.Exists(Path.Combine(Root, "artifacts/peers/node_modules/mqtt")))
            {
                throw new InvalidOperationException("MQTT.js is missing in artifacts/peers; ./test system installs it and needs Node 20 with npm");
            }

            var path = Path.Combine(Root, "tests/Pilotage.System/Gateway/Peers", script);
            return Start(program, [path, .. call.Arguments()], remedy);
        }
    }
}
