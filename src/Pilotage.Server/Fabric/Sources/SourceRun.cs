using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>One foreign broker being read: each message is acknowledged to it after our commit, and not before.</summary>
internal sealed partial class SourceRun : IAsyncDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly StoredSource _source;
    private readonly MqttClient _client;
    private readonly MappingBook _mappings;
    private readonly MappedMessages _messages;
    private readonly UnmappedBook _unmapped;
    private readonly DiskRoom _room;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MqttReason> _granted = new(StringComparer.Ordinal);
    private (RuleTable? Table, long Version) _table = (null, -1);
    private Task _subscribing = Task.CompletedTask;
    private long _sinceNs;
    private long _connections;
    private volatile string? _stall;
    private volatile bool _isStarted;

    public SourceRun(StoredSource source, SourceClients clients, MappingBook mappings, MappedMessages messages, UnmappedBook unmapped, DiskRoom room, TimeProvider time, ILogger logger)
    {
        _unmapped = unmapped;
        _source = source;
        _mappings = mappings;
        _messages = messages;
        _room = room;
        _time = time;
        _logger = logger;
        _sinceNs = time.NowNs();
        _client = clients.Lasting(source.Settings, source.Secrets);
        _client.OnMessage = TakeAsync;
        _client.OnStateChanged = Changed;
    }

    public StoredSource Source => _source;

    public SourceCounts Counts { get; } = new();

    public MqttConnectionState State => _client.State;

    /// <summary>Since when the connection stands as it does.</summary>
    public long SinceNs => Interlocked.Read(ref _sinceNs);

    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Messages with QoS 0 that came faster than they could be stored.</summary>
    public long Dropped => _client.MessagesDropped;

    /// <summary>Why nothing is stored just now, and nothing acknowledged; null while all goes well.</summary>
    public string? Stall => _stall;

    /// <summary>What the broker answered to each subscription.</summary>
    public IReadOnlyDictionary<string, MqttReason> Granted
    {
        get
        {
            lock (_gate)
            {
                return new Dictionary<string, MqttReason>(_granted, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>The rules in force; null where the mapping is not there or not read by this version.</summary>
    public RuleTable? Rules => Table();

    /// <summary>Whether a rule of its mapping takes a topic.</summary>
    public bool Takes(string topic) => Table()?.Find(topic) is not null;

    /// <summary>Whether it ever tries to connect.</summary>
    public bool IsStarted => _isStarted;

    /// <summary>Begins to connect, and returns; one that is paused does not.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        if (_source.Paused is { } why)
        {
            Log.Paused(_logger, _source.Settings.Name, why, _source.Settings.Name);
            return;
        }

        _isStarted = true;
        await _client.StartAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        // What waits for room on the disk is not acknowledged, and comes again.
        await _stopping.CancelAsync();
        await _client.DisposeAsync();
        await _subscribing;
        _stopping.Dispose();
    }

    private async ValueTask TakeAsync(MqttMessage message, CancellationToken cancellation)
    {
        var receivedNs = _time.NowNs();
        var foreign = new ForeignMessage(message.Topic, message.Payload, message.ContentType, message.Retain, receivedNs);
        Counts.Take(receivedNs);
        MappedResult? result = null;
        try
        {
            result = await StoreAsync(foreign);
            if (result.Fate == MappedFate.Unmapped)
            {
                _unmapped.Add(_source.Tenant, _source.Settings.Name, foreign, Takes(foreign.Topic), result.Why!);
            }
        }
        finally
        {
            Counts.Done(result, _time.NowNs());
        }
    }

    /// <summary>Tries until it is stored: the broker keeps what is not acknowledged, and sends no more than a window of it.</summary>
    private async Task<MappedResult> StoreAsync(ForeignMessage message)
    {
        while (true)
        {
            var table = Table();
            var why = _room.State == RoomState.Out ? _room.Words() ?? "the disk was full a moment ago" : table is null ? $"the mapping {_source.Settings.Mapping} is not there, or not read by this version" : null;
            if (why is null)
            {
                try
                {
                    var stored = await _messages.StoreAsync(table!, message);
                    _stall = null;
                    return stored;
                }
                catch (Exception failure) when (failure is IOException or SqliteException)
                {
                    why = failure.Message;
                }
            }

            if (_stall is null)
            {
                Log.Stalled(_logger, _source.Settings.Name, why!);
            }

            _stall = why;
            await Task.Delay(Again, _time, _stopping.Token);
        }
    }

    /// <summary>The rules in force; another table once the mapping has changed.</summary>
    private RuleTable? Table()
    {
        var version = _mappings.Version;
        lock (_gate)
        {
            if (_table.Version != version)
            {
                var mapping = _mappings.Find(_source.Tenant, _source.Settings.Mapping);
                _table = (mapping is null ? null : _table.Table?.Mapping == mapping ? _table.Table : new RuleTable(mapping, _source.Tenant, _source.Settings.Name), version);
            }

            return _table.Table;
        }
    }

    private void Changed(MqttConnectionState state)
    {
        Interlocked.Exchange(ref _sinceNs, _time.NowNs());
        if (!state.Connected)
        {
            return;
        }

        Interlocked.Increment(ref _connections);
        if (_subscribing.IsCompleted)
        {
            // One that still waits goes on with this connection.
            _subscribing = SubscribeAsync();
        }
    }

    /// <summary>With every connection anew, so that what the broker answers is known.</summary>
    private async Task SubscribeAsync()
    {
        try
        {
            foreach (var former in _source.Settings.Former)
            {
                await _client.UnsubscribeAsync(former, _stopping.Token);
            }

            foreach (var topic in _source.Settings.Topics)
            {
                var granted = await _client.SubscribeAsync(topic, (byte)_source.Settings.Qos, _stopping.Token);
                lock (_gate)
                {
                    _granted[topic] = granted;
                }

                if (granted.IsFailure())
                {
                    Log.Refused(_logger, _source.Settings.Name, topic, granted);
                }
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or ObjectDisposedException)
        {
            // The source is being taken away, or the server stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3120, LogLevel.Warning, "The source {Source} stores nothing and acknowledges nothing: {Why}.")]
        public static partial void Stalled(ILogger logger, string source, string why);

        [LoggerMessage(3121, LogLevel.Warning, "The broker of the source {Source} refused the subscription to {Topic}: {Reason}.")]
        public static partial void Refused(ILogger logger, string source, string topic, MqttReason reason);

        [LoggerMessage(3122, LogLevel.Warning, "The source {Source} is paused and not read: {Why}. It is read again with: pilotage source resume {Name}")]
        public static partial void Paused(ILogger logger, string source, string why, string name);
    }
}
