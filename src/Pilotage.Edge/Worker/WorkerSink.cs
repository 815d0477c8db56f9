using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Protocols.Mqtt;
using Pilotage.Streams;

namespace Pilotage.Edge.Worker;

/// <summary>
/// Turns what the pipeline found into messages, and counts it per device. Ids are made from the input, so that what is computed twice
/// is recognised as the same. While history is replayed nothing is said; an alert that stands afterwards is raised at the first live inference.
/// </summary>
internal sealed class WorkerSink(ReleaseManifest manifest, string release, string edge) : IPipelineSink
{
    private const long NsPerMs = 1_000_000;
    private readonly Dictionary<string, ReleaseModel> _published =
        manifest.Models.Where(model => !model.Internal).ToDictionary(model => model.Name);

    private readonly Dictionary<string, Tracked> _devices = [];
    private readonly List<MqttMessage> _outbox = [];

    /// <summary>Set while history is replayed.</summary>
    public bool Silent { get; set; }

    public long Inferences { get; private set; }

    public IEnumerable<AttestedDevice> Attest() => _devices.Select(item => new AttestedDevice
    {
        Device = item.Key,
        FirstInferenceNs = item.Value.FirstInferenceNs,
        Inferences = item.Value.Inferences,
        Alerts = item.Value.Alerts,
        Alarmed = item.Value.Standing.Count > 0,
    });

    /// <summary>Speaks for these devices from now on; what was counted for others is forgotten.</summary>
    public void Assign(IReadOnlyList<DesiredDevice> devices)
    {
        var kept = devices.ToDictionary(device => device.Device);
        foreach (var gone in _devices.Keys.Where(id => !kept.ContainsKey(id)).ToList())
        {
            _devices.Remove(gone);
        }

        foreach (var (id, device) in kept)
        {
            if (_devices.TryGetValue(id, out var tracked))
            {
                tracked.Assigned = device;
            }
            else
            {
                _devices.Add(id, new Tracked(device));
            }
        }
    }

    /// <summary>The messages since the last call.</summary>
    public IReadOnlyList<MqttMessage> Take()
    {
        MqttMessage[] taken = [.. _outbox];
        _outbox.Clear();
        return taken;
    }

    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
        if (_devices.TryGetValue(device.Value, out var tracked))
        {
            tracked.Standing[kind] = score;
            if (Silent)
            {
                tracked.Unsaid.Add(kind);
            }
            else
            {
                Raise(tracked, device.Value, tsNs, kind, score);
            }
        }
    }

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
        if (_devices.TryGetValue(device.Value, out var tracked))
        {
            tracked.Standing.Remove(kind);
            if (!tracked.Unsaid.Remove(kind) && !Silent)
            {
                Say(tracked, device.Value, "alert-cleared", tsNs, kind, score);
            }
        }
    }

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
    {
        // Series targets of a pipeline are computed on the server from the stored rows; the edge sends what only it knows.
    }

    public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
        if (Silent || !_published.TryGetValue(model, out var schema) || !_devices.TryGetValue(device.Value, out var tracked))
        {
            return;
        }

        Inferences++;
        tracked.Inferences++;
        tracked.FirstInferenceNs ??= tsNs;
        _outbox.Add(new MqttMessage
        {
            Topic = TopicPath.Of(tracked.Assigned.Path, TopicClass.Inference, model),
            Payload = InferencePayload(schema, tsNs, outputs, inputId),
            Qos = 1,
            ContentType = "application/json",
        });
        tracked.LastNs = tsNs;
    }

    /// <summary>After a live row: alerts that stood at the end of the history are raised, unless this row cleared them.</summary>
    public void SayUnsaid()
    {
        foreach (var (id, tracked) in _devices)
        {
            if (tracked is { Unsaid.Count: > 0, Inferences: > 0 })
            {
                foreach (var kind in tracked.Unsaid.Where(tracked.Standing.ContainsKey).ToList())
                {
                    Raise(tracked, id, tracked.LastNs, kind, tracked.Standing[kind]);
                }

                tracked.Unsaid.Clear();
            }
        }
    }

    private void Raise(Tracked tracked, string device, long tsNs, string kind, double score)
    {
        tracked.Alerts++;
        Say(tracked, device, "alert", tsNs, kind, score);
    }

    private void Say(Tracked tracked, string device, string name, long tsNs, string kind, double score)
    {
        // A shadow is measured and has no effect.
        if (tracked.Assigned.Role == DeviceRole.Shadow)
        {
            return;
        }

        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{release}|{device}|{name}|{kind}|{tsNs}")).AsSpan(0, 12));
        _outbox.Add(new MqttMessage
        {
            Topic = TopicPath.Of(tracked.Assigned.Path, TopicClass.Event, name),
            Payload = AlertPayload(tracked.Assigned, "alt_" + id, tsNs, kind, score),
            Qos = 1,
            ContentType = "application/json",
            UserProperties =
            [
                ("ce_id", "alt_" + id),
                ("ce_type", name),
                ("ce_source", $"{edge}/{release}"),
                ("ce_time", Rfc3339(tsNs)),
                ("ce_specversion", "1.0"),
            ],
        });
    }

    private ReadOnlyMemory<byte> InferencePayload(ReleaseModel schema, long tsNs, ReadOnlySpan<float> outputs, long inputId)
    {
        var buffer = new ArrayBufferWriter<byte>(160);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteTime(json, tsNs);
            json.WriteStartObject("values");
            for (var i = 0; i < outputs.Length; i++)
            {
                if (float.IsFinite(outputs[i]))
                {
                    json.WriteNumber(schema.Outputs[i], outputs[i]);
                }
            }

            json.WriteEndObject();
            json.WriteString("release", release);
            json.WriteString("input", inputId.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private ReadOnlyMemory<byte> AlertPayload(DesiredDevice device, string id, long tsNs, string kind, double score)
    {
        var buffer = new ArrayBufferWriter<byte>(200);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("device", device.Device);
            WriteTime(json, tsNs);
            json.WriteString("kind", kind);
            if (double.IsFinite(score))
            {
                json.WriteNumber("score", score);
            }

            json.WriteString("release", release);
            json.WriteString("role", device.Role);
            if (device.Rollout is not null)
            {
                json.WriteString("rollout", device.Rollout);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    // Integer milliseconds where they are exact, else RFC 3339, so that two rows within a millisecond stay two.
    private static void WriteTime(Utf8JsonWriter json, long tsNs)
    {
        if (tsNs % NsPerMs == 0)
        {
            json.WriteNumber("ts", tsNs / NsPerMs);
        }
        else
        {
            json.WriteString("ts", Rfc3339(tsNs));
        }
    }

    private static string Rfc3339(long tsNs) => DateTimeOffset.UnixEpoch.AddTicks(tsNs / TimeSpan.NanosecondsPerTick).ToString("O", CultureInfo.InvariantCulture);

    private sealed class Tracked(DesiredDevice assigned)
    {
        public DesiredDevice Assigned { get; set; } = assigned;

        public long? FirstInferenceNs { get; set; }

        public long LastNs { get; set; }

        public long Inferences { get; set; }

        public long Alerts { get; set; }

        public Dictionary<string, double> Standing { get; } = [];

        public HashSet<string> Unsaid { get; } = [];
    }
}
