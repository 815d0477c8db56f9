using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Listens to a foreign broker for a while, stores nothing, and says what each topic would become.</summary>
internal sealed class SourcePreview(SourceClients clients, MappingPreview preview, TimeProvider time)
{
    /// <summary>Most topics that are shown; more are counted.</summary>
    public const int TopicsMax = 100;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What was heard.</summary>
    /// <param name="Granted">What the broker answered to each filter.</param>
    /// <param name="Outlooks">By topic, the first message of each.</param>
    internal sealed record Heard(IReadOnlyList<(string Topic, MqttReason Reason)> Granted, long Messages, int Topics, IReadOnlyList<MappingPreview.Outlook> Outlooks);

    public async Task<Outcome<Heard>> ListenAsync(SourceSettings settings, SourceSecrets secrets, RuleTable table, TimeSpan lasts, CancellationToken cancellation)
    {
        var ears = new Ears();
        string? why = null;
        await using var client = clients.Passing(settings, secrets, "");
        client.OnMessage = (message, _) => ears.HearAsync(message);
        client.OnStateChanged = state => why = state.Why;
        using var patience = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await client.ConnectAsync(either.Token);
            var granted = new List<(string, MqttReason)>();
            foreach (var topic in settings.Topics)
            {
                // The QoS that is asked for, so that the answer is the one that the source will get; of a shared
                // subscription the filter alone: what is only looked at must not be taken from its group.
                granted.Add((topic, await client.SubscribeAsync(Unshared(topic), (byte)settings.Qos, either.Token)));
            }

            await Task.Delay(lasts, time, cancellation);
            return new Heard(granted, ears.Messages, ears.Topics, [.. ears.First.Select(message => preview.Of(
                table, new ForeignMessage(message.Topic, message.Payload, message.ContentType, message.Retain, time.NowNs())))]);
        }
        catch (MqttRefusedException refused)
        {
            return new Refusal("fabric.source.refused", $"{refused.Message} Look at user, password, certificate and version.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Refusal("fabric.source.unreachable", $"{settings.Url} did not answer within {ConnectTimeout.TotalSeconds:0} s{(why is null ? "" : $": {why.TrimEnd('.')}")}. Look at address, port and certificates.");
        }
    }

    /// <summary>The filter in <c>$share/GROUP/FILTER</c>.</summary>
    private static string Unshared(string topic) => MqttTopic.IsShared(topic) ? topic[(topic.IndexOf('/', topic.IndexOf('/', StringComparison.Ordinal) + 1) + 1)..] : topic;

    private sealed class Ears
    {
        private readonly Lock _gate = new();
        private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
        private readonly List<MqttMessage> _first = [];
        private long _messages;

        public long Messages => Interlocked.Read(ref _messages);

        public int Topics
        {
            get
            {
                lock (_gate)
                {
                    return _topics.Count;
                }
            }
        }

        public IReadOnlyList<MqttMessage> First
        {
            get
            {
                lock (_gate)
                {
                    return [.. _first.OrderBy(message => message.Topic, StringComparer.Ordinal)];
                }
            }
        }

        public ValueTask HearAsync(MqttMessage message)
        {
            Interlocked.Increment(ref _messages);
            lock (_gate)
            {
                // As many again are told apart, and no more: a broker may have millions.
                if (_topics.Count < 100 * TopicsMax && _topics.Add(message.Topic) && _first.Count < TopicsMax)
                {
                    _first.Add(message);
                }
            }

            return default;
        }
    }
}
