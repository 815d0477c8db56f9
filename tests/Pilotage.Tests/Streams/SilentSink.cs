using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Tests.Streams;

/// <summary>Hears everything and keeps nothing.</summary>
internal sealed class SilentSink : IPipelineSink
{
    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
    }

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId)
    {
    }

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
    {
    }

    public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
    }
}
