using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Pilotage.Load.Gateway;

/// <summary>
/// From the device to stored: messages of five values each, at one rate, into our server and into what a user would
/// assemble: mosquitto, a bridge, VictoriaMetrics. Everything that serves counts; all of it shares the machine with the load.
/// </summary>
internal sealed class Pipelines(LoadGenerator load, string program) : IDisposable
{
    private const int Devices = 1000;
    private const int WarmRuns = 2;
    private const string Topic = "default/bench/d%d/_tele";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _http = new();

    /// <summary>What one run came to.</summary>
    /// <param name="CpuSecondsPerMillion">Of all that serves, from the first message to the last one stored.</param>
    /// <param name="NotStored">Messages acknowledged and not found afterwards.</param>
    internal sealed record Result(double CpuSecondsPerMillion, long Messages, long NotStored);

    /// <summary>Messages a second that are offered.</summary>
    public const int Rate = 40_000;

    /// <summary>Ours: acknowledged once on disk.</summary>
    public async Task<Result?> OursAsync(int seconds)
    {
        await using var servers = new Servers();
        var (http, mqtt) = (Broker.FreePort(), Broker.FreePort());
        var data = Path.Combine(servers.Folder, "data");
        string[] arguments =
        [
            "server", "--data", data, "--http", $"127.0.0.1:{http}", "--mqtts", $"127.0.0.1:{Broker.FreePort()}",
            "--mqtt", $"127.0.0.1:{mqtt}", "--insecure-open", "--limits", "bench",
        ];
        await servers.StartAsync(program, arguments, "ready ");
        var token = (await File.ReadAllTextAsync(Path.Combine(data, "admin.token"))).Trim();
        return await MeasureAsync(servers, mqtt, seconds, () => CountAsync(
            $"http://127.0.0.1:{http}/api/v1/messages/account", token, answer => (long?)answer["messages"]));
    }

    /// <summary>The assembled one; nothing when a part of it is missing.</summary>
    public async Task<Result?> AssembledAsync(int seconds)
    {
        if (await FindBridgeAsync() is not { } modules)
        {
            return null;
        }

        await using var servers = new Servers();
        var (mqtt, http) = (Broker.FreePort(), Broker.FreePort());
        var file = Path.Combine(servers.Folder, "mosquitto.conf");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            user {Environment.UserName}
            allow_anonymous true
            persistence true
            persistence_location {servers.Folder}/
            max_queued_messages 100000
            listener {mqtt} 127.0.0.1

            """));
        await servers.StartAsync("mosquitto", ["-c", file], null);
        await servers.StartAsync(
            "victoria-metrics",
            [$"-storageDataPath={servers.Folder}/series", $"-httpListenAddr=127.0.0.1:{http}", "-retentionPeriod=100y", "-loggerLevel=ERROR"],
            null);
        await Broker.UntilAnswersAsync(mqtt);
        await Broker.UntilAnswersAsync(http);
        Directory.CreateSymbolicLink(Path.Combine(servers.Folder, "node_modules"), modules);
        var bridge = Path.Combine(BenchTools.Root, "benches", "peers", "pipeline", "bridge.mjs");
        await servers.StartAsync(
            "node", [bridge, $"mqtt://127.0.0.1:{mqtt}", $"http://127.0.0.1:{http}/write?precision=ms", "default/#"], "ready");
        return await MeasureAsync(servers, mqtt, seconds, async () =>
        {
            await _http.GetAsync(new Uri($"http://127.0.0.1:{http}/internal/force_flush"));
            return await CountAsync(
                $"http://127.0.0.1:{http}/api/v1/query?nocache=1&query=sum(count_over_time(tele_seq%5B10m%5D))",
                null,
                answer => long.Parse((string?)answer["data"]?["result"]?[0]?["value"]?[1] ?? "0", CultureInfo.InvariantCulture));
        });
    }

    public void Dispose() => _http.Dispose();

    private async Task<Result?> MeasureAsync(Servers servers, int port, int seconds, Func<Task<long>> countAsync)
    {
        // The first runs are for the compilers on both sides, and are not counted.
        for (var warm = 0; warm < WarmRuns; warm++)
        {
            if (await PublishAsync(servers, port, seconds) is not > 0)
            {
                return null;
            }
        }

        var before = await SettledAsync(countAsync);
        var cpu = servers.CpuSeconds;
        if (await PublishAsync(servers, port, seconds) is not { } sent)
        {
            return null;
        }

        // Waiting costs what the servers do meanwhile, and asking is theirs too: so the time is read first, after a pause.
        await Task.Delay(4 * Pause);
        var used = servers.CpuSeconds - cpu;
        var stored = await SettledAsync(countAsync) - before;
        return new Result(used * 1e6 / sent, sent, sent - stored);
    }

    private async Task<long?> PublishAsync(Servers servers, int port, int seconds)
    {
        var output = await load.RunAsync(
            ["--pid", $"{servers.FirstPid}", "--port", $"{port}", "--qos", "1", "--pubs", $"{Devices}", "--subs", "0", "--values", "--topic", Topic,
            "--warm", "0", "--rate", $"{Rate}", "--secs", $"{seconds}"]);
        return (long?)output?["sent"];
    }

    private static async Task<long> SettledAsync(Func<Task<long>> countAsync)
    {
        const int EqualReadings = 4;
        const int ReadingsMax = 60;
        var last = -1L;
        for (int equal = 0, read = 0; equal < EqualReadings && read < ReadingsMax; read++)
        {
            await Task.Delay(Pause);
            var count = await countAsync();
            equal = count == last ? equal + 1 : 0;
            last = count;
        }

        return last;
    }

    private async Task<long> CountAsync(string address, string? token, Func<JsonNode, long?> read)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return read((await JsonNode.ParseAsync(await answer.Content.ReadAsStreamAsync()))!) ?? 0;
    }

    /// <summary>The bridge's modules, installed where they are not yet.</summary>
    private static async Task<string?> FindBridgeAsync()
    {
        if (await BenchTools.RunAsync(BenchTools.Root, "sh", "-c", "command -v victoria-metrics && command -v node && command -v npm || exit 1") is null)
        {
            await Console.Error.WriteLineAsync("bench: victoria-metrics, node or npm is missing (Debian: victoria-metrics, nodejs, npm); the pipeline's column stays empty");
            return null;
        }

        var folder = BenchTools.Folder("pipeline");
        var modules = Path.Combine(folder, "node_modules");
        if (!Directory.Exists(Path.Combine(modules, "mqtt")))
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(BenchTools.Root, "benches", "peers", "pipeline")).Where(f => !f.EndsWith(".md", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            }

            if (await BenchTools.RunAsync(folder, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-progress", "--loglevel=error") is null)
            {
                return null;
            }
        }

        return modules;
    }
}
