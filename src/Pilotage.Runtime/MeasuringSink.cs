using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Runtime;

/// <summary>Notes how long each inference took on its way to the real sink.</summary>
internal sealed class MeasuringSink(IPipelineSink inner) : IPipelineSink
{
    public LatencyHistogram Latency { get; } = new();

    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId) =>
        inner.AlertRaised(device, tsNs, kind, score, inputId);

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId) =>
        inner.AlertCleared(device, tsNs, kind, score, inputId);

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) =>
        inner.Row(target, device, tsNs, values, inputId);

    public void Inference(
        string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
        Latency.Record(elapsed);
        inner.Inference(model, device, tsNs, outputs, inputId, elapsed);
    }
}
