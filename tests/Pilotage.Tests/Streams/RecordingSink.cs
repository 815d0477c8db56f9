using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Tests.Streams;

/// <summary>Writes down everything a pipeline puts out, values as bits, so that two runs compare line by
/// line.</summary>
internal sealed class RecordingSink : IPipelineSink
{
    public List<string> Lines { get; } = [];

    public List<(DeviceId Device, long TimeNs, double[] Values)> Rows { get; } = [];

    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId) =>
        Lines.Add(string.Create(CultureInfo.InvariantCulture, $"raised {device} {tsNs} {kind} {score:R} #{inputId}"));

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId) =>
        Lines.Add(string.Create(CultureInfo.InvariantCulture, $"cleared {device} {tsNs} {kind} {score:R} #{inputId}"));

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
    {
        Rows.Add((device, tsNs, values.ToArray()));
        var bits = string.Join(' ', values.ToArray().Select(BitConverter.DoubleToInt64Bits));
        Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{target} {device} {tsNs} {bits} #{inputId}"));
    }

    public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
        var bits = string.Join(' ', outputs.ToArray().Select(BitConverter.SingleToInt32Bits));
        Lines.Add(string.Create(CultureInfo.InvariantCulture, $"inference {model} {device} {tsNs} {bits} #{inputId}"));
    }
}
