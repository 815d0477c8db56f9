using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>Sends rows to the server, packed; what of them the server does not take is named by their lines in the file.</summary>
internal sealed class ImportSender(ApiClient api, TimeProvider time, WrongRows wrong)
{
    // A server that is busy is asked again for about as long as one that restarts takes.
    private const int AttemptsMax = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Rows that are stored.</summary>
    public long Rows { get; private set; }

    /// <summary>Values in them.</summary>
    public long Values { get; private set; }

    /// <summary>Values that a contract keeps apart.</summary>
    public long Held { get; private set; }

    public async Task SendAsync(string device, IReadOnlyList<ImportLine> lines, CancellationToken cancellation)
    {
        while (lines.Count > 0)
        {
            var answer = await AnswerAsync(device, lines, cancellation);
            if (answer.Failure is null)
            {
                Rows += answer.Number("rows");
                Values += answer.Number("values");
                Held += answer.Number("held");
                return;
            }

            if (answer.Status == HttpStatusCode.RequestEntityTooLarge && lines.Count > 1)
            {
                await SendAsync(device, [.. lines.Take(lines.Count / 2)], cancellation);
                lines = [.. lines.Skip(lines.Count / 2)];
                continue;
            }

            lines = WithoutRefused(lines, answer.Failure) ?? throw Stopped(answer.Failure, lines[0].FileLine);
        }
    }

    /// <summary>The answer to a request; a server that is busy, or whose storage is, is asked again.</summary>
    private async Task<ApiAnswer> AnswerAsync(string device, IReadOnlyList<ImportLine> lines, CancellationToken cancellation)
    {
        var body = Packed(lines);
        for (var attempt = 1; ; attempt++)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            content.Headers.ContentEncoding.Add("gzip");
            var answer = await api.AnswerAsync(HttpMethod.Post, $"api/v1/devices/{Uri.EscapeDataString(device)}/telemetry", content, cancellation);
            if (answer.Status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || attempt == AttemptsMax)
            {
                return answer;
            }

            await Task.Delay(answer.RetryAfter ?? Pause, time, cancellation);
        }
    }

    /// <summary>The rows without those that the server named; null where it named none.</summary>
    private List<ImportLine>? WithoutRefused(IReadOnlyList<ImportLine> lines, CliFailure failure)
    {
        var refused = new HashSet<int>();
        foreach (var (where, message) in failure.Faults)
        {
            if (where.StartsWith("line ", StringComparison.Ordinal)
                && int.TryParse(where.AsSpan("line ".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var line)
                && line >= 1 && line <= lines.Count && refused.Add(line - 1))
            {
                wrong.Row(lines[line - 1].FileLine, message);
            }
        }

        return refused.Count == 0 ? null : [.. lines.Where((_, i) => !refused.Contains(i))];
    }

    private CliFailure Stopped(CliFailure failure, long line) => new(
        failure.ExitCode,
        failure.Message,
        $"{failure.Why}; it stopped at line {line}, and {Rows} rows are stored",
        failure.Try ?? "the same command again when that is mended: rows that are stored already are not stored twice")
    {
        Code = failure.Code,
    };

    private static byte[] Packed(IReadOnlyList<ImportLine> lines)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var line in lines)
            {
                gzip.Write(line.Json);
                gzip.WriteByte((byte)'\n');
            }
        }

        return packed.ToArray();
    }
}
