using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core.Durability;

namespace Pilotage.Testing.Gateway;

/// <summary>A broker on a free loopback port with its state in a temporary folder, which outlives restarts.</summary>
public sealed class TestBroker : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-broker-");
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _logs;
    private MqttBroker? _broker;

    private TestBroker(BrokerOptions options, OpenHooks hooks, TimeProvider time, ILoggerFactory logs)
    {
        Options = options;
        Hooks = hooks;
        _time = time;
        _logs = logs;
    }

    /// <summary>The running broker.</summary>
    public MqttBroker Broker => _broker ?? throw new InvalidOperationException("The broker is stopped.");

    /// <summary>Its host.</summary>
    public OpenHooks Hooks { get; }

    /// <summary>Its options.</summary>
    public BrokerOptions Options { get; }

    /// <summary>Port of the plain listener.</summary>
    public int Port => Broker.BoundEndpoints[0].Port;

    /// <summary>One insecure loopback listener, unless the options bring others.</summary>
    public static async Task<TestBroker> StartAsync(
        BrokerOptions? options = null, OpenHooks? hooks = null, TimeProvider? time = null, ILoggerFactory? logs = null)
    {
        options ??= new();
        if (options.Listeners.Count == 0)
        {
            options = options with { Listeners = [Plain] };
        }

        var broker = new TestBroker(options, hooks ?? new(), time ?? TimeProvider.System, logs ?? NullLoggerFactory.Instance);
        try
        {
            await broker.StartAgainAsync();
            return broker;
        }
        catch
        {
            // Nobody gets to dispose of a broker that did not start.
            broker._folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>A plain listener on a free loopback port.</summary>
    public static ListenerOptions Plain => new()
    {
        Name = "plain",
        EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Insecure = true,
    };

    /// <summary>Stops the broker and starts another one over the same state.</summary>
    public async Task RestartAsync()
    {
        await Broker.DisposeAsync();
        await StartAgainAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartAgainAsync()
    {
        _broker = await MqttBroker.StartAsync(
            Options, Hooks, new PosixDirectory(_folder.FullName), _time, _logs, CancellationToken.None);
    }
}
