using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Pilotage.Load.Series;

/// <summary>Our server as it is shipped; it acknowledges what is on disk.</summary>
internal sealed class Ours : ISeriesServer
{
    private const int DeclaredAtOnce = 500;
    private readonly Servers _servers = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(5) };
    private readonly int _port = Gateway.Broker.FreePort();

    public double CpuSeconds => _servers.CpuSeconds;

    private string Data => Path.Combine(_servers.Folder, "data");

    public static async Task<Ours> StartAsync(string program, int devices)
    {
        var ours = new Ours();
        await ours._servers.StartAsync(program, ["server", "--data", ours.Data, "--http", $"127.0.0.1:{ours._port}", "--mqtts", "127.0.0.1:0"], "ready ");
        ours._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(ours.Data, "admin.token"))).Trim());
        foreach (var some in Enumerable.Range(0, devices).Chunk(DeclaredAtOnce))
        {
            var body = new { devices = some.Select(device => new { path = $"default/s{device % 20}/{Signals.IdOf(device)}", thing = "env", id = Signals.IdOf(device) }) };
            using var answer = await ours._http.PostAsJsonAsync(ours.Address("api/v1/enrolments"), body);
            answer.EnsureSuccessStatusCode();
        }

        return ours;
    }

    public async Task WriteAsync(byte[] lines)
    {
        using var answer = await _http.PostAsync(Address("api/v2/write?precision=ms"), new ByteArrayContent(lines));
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public Task SettleAsync() => Task.CompletedTask;

    public async Task<long> StopAndWeighAsync()
    {
        await _servers.StopAsync();
        return Servers.BytesOf(Path.Combine(Data, "series"));
    }

    public async Task<long> AskAsync(SeriesQuestion question, int seconds)
    {
        const string Property = "property=m0";
        var path = question switch
        {
            SeriesQuestion.LastOfAll => "series?limit=50000",
            SeriesQuestion.OneRaw => $"devices/{Signals.IdOf(7)}/series/m0?points=20000",
            SeriesQuestion.Averages => $"series/aggregates?{Property}&window=PT5M",
            SeriesQuestion.TopTen => $"series/aggregates?{Property}&fn=max&top=10",
            _ => throw new ArgumentOutOfRangeException(nameof(question), question, "no such question"),
        };
        _ = seconds;
        return (await _http.GetByteArrayAsync(Address($"api/v1/{path}"))).Length;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _servers.DisposeAsync();
    }

    private Uri Address(string path) => new($"http://127.0.0.1:{_port}/{path}");
}
