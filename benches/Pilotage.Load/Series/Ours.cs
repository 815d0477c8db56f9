using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Pilotage.Load.Series;

/// <summary>Our server as it is shipped; it acknowledges what is on disk.</summary>
internal sealed class Ours(string program, params string[] options) : ISeriesServer
{
    private const int DeclaredAtOnce = 500;
    private readonly Servers _servers = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(5) };
    private readonly int _port = Gateway.Broker.FreePort();

    public double CpuSeconds => _servers.CpuSeconds;

    /// <summary>The most memory it held since it was started, in bytes.</summary>
    public long ResidentMost => _servers.ResidentMost;

    private string Data => Path.Combine(_servers.Folder, "data");

    public static async Task<Ours> StartAsync(string program, int devices, params string[] options)
    {
        var ours = new Ours(program, options);
        await ours.StartAsync();
        ours._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(ours.Data, "admin.token"))).Trim());
        foreach (var some in Enumerable.Range(0, devices).Chunk(DeclaredAtOnce))
        {
            var body = new { devices = some.Select(device => new { path = $"default/s{device % 20}/{Signals.IdOf(device)}", thing = "env", id = Signals.IdOf(device) }) };
            using var answer = await ours._http.PostAsJsonAsync(ours.Address("api/v1/enrolments"), body);
            answer.EnsureSuccessStatusCode();
        }

        return ours;
    }

    /// <summary>Kills it and starts it again; how many seconds until it is ready.</summary>
    public async Task<double> KillAndStartAsync()
    {
        await _servers.KillAsync();
        return await StartAsync();
    }

    /// <summary>Starts it where it was stopped; how many seconds until it is ready.</summary>
    public async Task<double> StartAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        await _servers.StartAsync(program, ["server", "--data", Data, "--http", $"127.0.0.1:{_port}", "--mqtts", "127.0.0.1:0", .. options], "ready ");
        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Deletes all that a device sent.</summary>
    public async Task DeleteAsync(int device)
    {
        using var answer = await _http.DeleteAsync(Address($"api/v1/devices/{Signals.IdOf(device)}/series?all=true"));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Deletions whose space has not come back yet.</summary>
    public async Task<long> HidingAsync()
    {
        var metrics = await _http.GetStringAsync(Address("metrics"));
        var line = metrics.Split('\n').First(line => line.StartsWith("pilotage_series_deletions_hiding", StringComparison.Ordinal));
        return (long)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
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
        var span = string.Create(CultureInfo.InvariantCulture, $"from={Time(0)}&to={Time(seconds + 1)}");
        var path = question switch
        {
            SeriesQuestion.LastOfAll => "series/latest?limit=50000",
            SeriesQuestion.OneRaw => $"devices/{Signals.IdOf(7)}/series/m0?points=20000&{span}",
            SeriesQuestion.Averages => $"series/aggregates?{Property}&window=PT5M&{span}",
            SeriesQuestion.TopTen => $"series/aggregates?{Property}&fn=max&top=10&{span}",
            _ => throw new ArgumentOutOfRangeException(nameof(question), question, "no such question"),
        };
        return (await _http.GetByteArrayAsync(Address($"api/v1/{path}"))).Length;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _servers.DisposeAsync();
    }

    private static string Time(int second) => Uri.EscapeDataString(DateTimeOffset.FromUnixTimeMilliseconds(Signals.StartMs + (second * 1000L)).ToString("O"));

    private Uri Address(string path) => new($"http://127.0.0.1:{_port}/{path}");
}
