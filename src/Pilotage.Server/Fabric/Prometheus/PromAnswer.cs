using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Fabric.Prometheus.Evaluation;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Prometheus;

/// <summary>An answer in the envelope of Prometheus, written as it is made.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview. Times are seconds, values are text, for JSON has no infinity.</remarks>
internal sealed class PromAnswer(int status, Action<Utf8JsonWriter> write) : IResult
{
    private const double NsPerSecond = 1e9;
    private const long NsPerMs = 1_000_000;
    private const double MsPerSecond = 1_000;

    /// <summary>Data of any shape, and what whoever reads it should know: Grafana shows it beside the chart.</summary>
    public static PromAnswer Data(Action<Utf8JsonWriter> data, string? warning = null) => new(StatusCodes.Status200OK, json =>
    {
        json.WriteString("status"u8, "success"u8);
        json.WritePropertyName("data"u8);
        data(json);
        if (warning is not null)
        {
            json.WriteStartArray("warnings"u8);
            json.WriteStringValue(warning);
            json.WriteEndArray();
        }
    });

    /// <summary>A list of words.</summary>
    public static PromAnswer Words(IEnumerable<string> words) => Data(json =>
    {
        json.WriteStartArray();
        foreach (var word in words)
        {
            json.WriteStringValue(word);
        }

        json.WriteEndArray();
    });

    public static PromAnswer Refused(Refusal refusal)
    {
        var status = Problems.StatusOf(refusal.Code);
        return Refused(status, status switch { StatusCodes.Status400BadRequest => "bad_data", StatusCodes.Status422UnprocessableEntity => "execution", _ => refusal.Code }, refusal.Message);
    }

    public static PromAnswer Refused(int status, string type, string message) => new(status, json =>
    {
        json.WriteString("status"u8, "error"u8);
        json.WriteString("errorType"u8, type);
        json.WriteString("error"u8, message);
    });

    /// <summary>A number at a time.</summary>
    public static PromAnswer Scalar(double value, long timeNs) => Result("scalar", null, json => WritePoint(json, timeNs, value));

    /// <summary>One value of each series.</summary>
    public static PromAnswer Vector(IReadOnlyList<StepSeries> series, StepGrid grid, string? warning) => Result("vector", warning, json =>
    {
        json.WriteStartArray();
        foreach (var one in series)
        {
            json.WriteStartObject();
            WriteLabels(json, "metric", one.Labels);
            json.WritePropertyName("value"u8);
            WritePoint(json, grid.StartNs, one.Values[0]!.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>The values of each series at the times of the grid.</summary>
    public static PromAnswer Matrix(IReadOnlyList<StepSeries> series, StepGrid grid, string? warning) => Result("matrix", warning, json =>
    {
        json.WriteStartArray();
        foreach (var one in series)
        {
            json.WriteStartObject();
            WriteLabels(json, "metric", one.Labels);
            json.WriteStartArray("values"u8);
            for (var step = 0; step < grid.Count; step++)
            {
                if (one.Values[step] is { } value)
                {
                    WritePoint(json, grid.TimeAt(step), value);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static void WriteLabels(Utf8JsonWriter json, string? name, LabelSet labels)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        foreach (var (label, value) in labels.Labels)
        {
            json.WriteString(label, value);
        }

        json.WriteEndObject();
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = "application/json";
        var body = httpContext.Response.BodyWriter;
        await using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await body.FlushAsync(httpContext.RequestAborted);
    }

    private static PromAnswer Result(string type, string? warning, Action<Utf8JsonWriter> result) => Data(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("resultType"u8, type);
            json.WritePropertyName("result"u8);
            result(json);
            json.WriteEndObject();
        },
        warning);

    private static void WritePoint(Utf8JsonWriter json, long timeNs, double value)
    {
        json.WriteStartArray();
        json.WriteNumberValue(timeNs % NsPerMs == 0 ? timeNs / NsPerMs / MsPerSecond : timeNs / NsPerSecond);
        json.WriteStringValue(Text(value));
        json.WriteEndArray();
    }

    private static string Text(double value) => double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? value > 0 ? "+Inf" : "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);
}
