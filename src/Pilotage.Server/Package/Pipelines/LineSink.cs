using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Package.Pipelines;

/// <summary>What a pipeline puts out as lines of JSON, one each, the same from run to run.</summary>
internal sealed class LineSink(TextWriter output, PipelinePlan plan) : IPipelineSink
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _line = new();

    /// <summary>Lines so far.</summary>
    public long Lines { get; private set; }

    public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId) => Alert("raised", device, tsNs, kind, score);

    public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId) => Alert("cleared", device, tsNs, kind, score);

    public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
    {
        using var json = Begin("series", target, device, tsNs);
        var columns = plan.Targets.First(one => one.Name == target).Columns;
        for (var i = 0; i < values.Length; i++)
        {
            json.WritePropertyName(columns[i].Name);
            Number(json, values[i]);
        }

        End(json);
    }

    public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
    {
        using var json = Begin("inference", model, device, tsNs);
        var names = plan.Models.First(one => one.Name == model).Outputs;
        for (var i = 0; i < outputs.Length; i++)
        {
            json.WritePropertyName(names[i]);
            Number(json, outputs[i]);
        }

        End(json);
    }

    private static void Number(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private void Alert(string what, DeviceId device, long tsNs, string kind, double score)
    {
        using var json = Begin(what, kind, device, tsNs);
        json.WritePropertyName("score");
        Number(json, score);
        End(json);
    }

    private Utf8JsonWriter Begin(string what, string name, DeviceId device, long tsNs)
    {
        _line.ResetWrittenCount();
        var json = new Utf8JsonWriter(_line, Options);
        json.WriteStartObject();
        json.WriteString(what, name);
        json.WriteString("device", device.Value);
        json.WriteString("ts", Clock.Rfc3339(tsNs));
        return json;
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        output.WriteLine(Encoding.UTF8.GetString(_line.WrittenSpan));
        Lines++;
    }
}
