using System.Globalization;

namespace Pilotage.Load.Series;

/// <summary>VictoriaMetrics of Debian with its defaults; it acknowledges before anything is on disk.</summary>
internal sealed class VictoriaMetrics : ISeriesServer
{
    private readonly Servers _servers = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(5) };
    private readonly int _port = Gateway.Broker.FreePort();

    public double CpuSeconds => _servers.CpuSeconds;

    private string Data => Path.Combine(_servers.Folder, "series");

    public static async Task<VictoriaMetrics> StartAsync()
    {
        var peer = new VictoriaMetrics();
        await peer._servers.StartAsync(
            "victoria-metrics", [$"-storageDataPath={peer.Data}", $"-httpListenAddr=127.0.0.1:{peer._port}", "-retentionPeriod=100y", "-loggerLevel=ERROR"], null);
        await Gateway.Broker.UntilAnswersAsync(peer._port);
        return peer;
    }

    public async Task WriteAsync(byte[] lines)
    {
        using var answer = await _http.PostAsync(Address("write?precision=ms"), new ByteArrayContent(lines));
        answer.EnsureSuccessStatusCode();
    }

    public async Task SettleAsync() => await _http.GetByteArrayAsync(Address("internal/force_flush"));

    public async Task<long> StopAndWeighAsync()
    {
        await _servers.StopAsync();
        return Servers.BytesOf(Data);
    }

    public async Task<long> AskAsync(SeriesQuestion question, int seconds)
    {
        var (start, end) = (Signals.StartMs / 1000, (Signals.StartMs / 1000) + seconds);
        var path = question switch
        {
            SeriesQuestion.LastOfAll => $"query?nocache=1&time={end}&query={Escaped("{__name__=~\"env_.*\"}")}",
            SeriesQuestion.OneRaw => $"query?nocache=1&time={end}&query={Escaped($"env_m0{{device=\"{Signals.IdOf(7)}\"}}[{seconds}s]")}",
            SeriesQuestion.Averages => $"query_range?nocache=1&start={start + 300}&end={end}&step=300&query={Escaped("avg_over_time(env_m0[5m])")}",
            SeriesQuestion.TopTen => string.Create(CultureInfo.InvariantCulture, $"query?nocache=1&time={end}&query={Escaped($"topk(10, max_over_time(env_m0[{seconds}s]))")}"),
            _ => throw new ArgumentOutOfRangeException(nameof(question), question, "no such question"),
        };
        return (await _http.GetByteArrayAsync(Address($"api/v1/{path}"))).Length;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _servers.DisposeAsync();
    }

    private static string Escaped(string text) => Uri.EscapeDataString(text);

    private Uri Address(string path) => new($"http://127.0.0.1:{_port}/{path}");
}
