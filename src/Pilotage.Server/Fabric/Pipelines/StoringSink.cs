using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Gathers what a pipeline puts out until it is stored: rows as points of series <c>target@pipeline/column</c>, what models answered as <c>model@pipeline/output</c>, alerts as events.</summary>
/// <remarks>
/// All of it is named by what it was computed from, so what is computed twice, after a kill say, is known and stored once. While history is read for the first time
/// no alert is told; those that stand at its end are raised then.
/// </remarks>
internal sealed class StoringSink(StoredPipeline pipeline, PipelinePlan plan, TimeProvider time) : IPipelineSink
{
    private const int AlertIdBytes = 12;
    private readonly Dictionary<string, string[]> _columns =
        plan.Targets.ToDictionary(target => target.Name, target => target.Columns.Select(column => $"{target.Name}@{pipeline.Name}/{column.Name}").ToArray(), StringComparer.Ordinal);

    private readonly Dictionary<string, string[]> _outputs =
        plan.Models.ToDictionary(model => model.Name, model => model.Outputs.Select(output => $"{model.Name}@{pipeline.Name}/{output}").ToArray(), StringComparer.Ordinal);

    private readonly Dictionary<(DeviceId Device, string Kind), string> _standing = [];
    private readonly Dictionary<(DeviceId Device, string Kind), (long TsNs, double Score)> _untold = [];
    private PointBatch _points = new();
    private List<DomainEvent> _events = [];

    /// <summary>Set while history is read.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Points and events that wait to be stored.</summary>
    public int Count => _points.Count + _events.Count;

    /// <summary>Alerts that were raised and not cleared, with their ids.</summary>
    public IReadOnlyDictionary<(DeviceId Device, string Kind), string> Standing => _standing;

    /// <summary>Goes on with the alerts that stand. Those that nothing would clear any more are cleared.</summary>
    /// <param name="standing">The alerts.</param>
    /// <param name="goesOn">Whether the steps go on with what they had.</param>
    public void Resume(IReadOnlyDictionary<(DeviceId Device, string Kind), string> standing, bool goesOn)
    {
        foreach (var (key, alert) in standing)
        {
            if (goesOn && plan.AlertKinds.Contains(key.Kind))
            {
                _standing[key] = alert;
            }
            else
            {
                Clear(alert, key.Device, time.NowNs(), key.Kind, double.NaN);
            }
        }
    }

    /// <summary>What was put out since the last call.</summary>
    public (PointBatch Points, IReadOnlyList<DomainEvent> Events) Take()
    {
        var taken = (_points, _events);
        (_points, _events) = (new PointBatch(), []);
        return taken;
    }

    /// <summary>Raises what stands at the end of history.</summary>
    public void TellUntold()
    {
        foreach (var ((device, kind), (tsNs, score)) in _untold)
        {
            Raise(device, tsNs, kind, score);
        }

        _untold.Clear();
    }

    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
        if (IsSilent)
        {
            _untold[(device, kind)] = (tsNs, score);
        }
        else
        {
            Raise(device, tsNs, kind, score);
        }
    }

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
        if (!_untold.Remove((device, kind)) && _standing.Remove((device, kind), out var alert))
        {
            Clear(alert, device, tsNs, kind, score);
        }
    }

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
    {
        var columns = _columns[target];
        var nowNs = time.NowNs();
        for (var i = 0; i < values.Length; i++)
        {
            Add(device, columns[i], tsNs, values[i], nowNs);
        }
    }

    public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
        var names = _outputs[model];
        var nowNs = time.NowNs();
        for (var i = 0; i < outputs.Length; i++)
        {
            Add(device, names[i], tsNs, outputs[i], nowNs);
        }
    }

    // Points of one time make one row.
    private void Add(DeviceId device, string property, long tsNs, double value, long nowNs)
    {
        if (double.IsFinite(value))
        {
            _points.Add(new SeriesKey(pipeline.Tenant, device, property), tsNs, value, Quality.Good, nowNs);
        }
    }

    private void Clear(string alert, DeviceId device, long tsNs, string kind, double score) => _events.Add(Event("alert-cleared", $"{alert}/cleared", alert, device, tsNs, kind, score));

    private void Raise(DeviceId device, long tsNs, string kind, double score)
    {
        var id = "alt_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{pipeline.Name}|{device.Value}|{kind}|{tsNs}")).AsSpan(0, AlertIdBytes));
        if (_standing.Remove((device, kind), out var before) && before != id)
        {
            // Its step began empty since, so that it could not be cleared.
            Clear(before, device, tsNs, kind, double.NaN);
        }

        _standing[(device, kind)] = id;
        _events.Add(Event("alert", id, id, device, tsNs, kind, score));
    }

    private DomainEvent Event(string type, string eventId, string alert, DeviceId device, long tsNs, string kind, double score)
    {
        var data = new JsonObject { ["id"] = alert, ["device"] = device.Value, ["ts"] = Clock.Rfc3339(tsNs), ["kind"] = kind };
        if (double.IsFinite(score))
        {
            data["score"] = score;
        }

        data["pipeline"] = pipeline.Name;
        data["version"] = pipeline.Version;
        return new DomainEvent(0, pipeline.Tenant, device, $"pipelines/{pipeline.Name}", eventId, type, tsNs, time.NowNs(), JsonSerializer.SerializeToElement(data));
    }
}
