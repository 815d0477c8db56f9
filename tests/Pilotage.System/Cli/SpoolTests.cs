using System.Text.Json.Nodes;
using Pilotage.System.Gateway;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Cli;

/// <summary><c>topic publish --spool</c> and <c>topic flush</c> with a server that is away, comes, and says no.</summary>
public sealed class SpoolTests : IDisposable
{
    private const string DevicePath = "default/lyon/my-pi";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-spool-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_is_published_while_the_server_is_away_arrives_when_it_is_back()
    {
        var data = Path.Combine(_folder, "data");
        var away = $"127.0.0.1:{GatewayProcess.FreePort()}";
        await using (var server = await ServerProcess.StartAsync(data))
        {
            await SayAsync(
                0, "device", "enroll", "my-pi", "--path", DevicePath, "--thing", "pi", "--save", "my-pi", "--server", server.Door.Http.ToString(), "--token-file", "data/admin.token");
        }

        for (var i = 1; i <= 3; i++)
        {
            var kept = JsonNode.Parse(await PublishAsync(0, away, i, "--within", "1s", "-o", "json"))!;
            Assert.Equal(("waiting", i), (kept["state"]!.GetValue<string>(), kept["waiting"]!.GetValue<int>()));
        }

        var waiting = await FlushAsync(7, away, "--within", "1s");
        Assert.Contains("3 messages still wait", waiting, StringComparison.Ordinal);

        await using var back = await ServerProcess.StartAsync(data);
        var mqtts = $"127.0.0.1:{back.Door.MqttsPort}";
        Assert.Contains("sent   0", await PublishAsync(0, mqtts, 4), StringComparison.Ordinal);
        Assert.Contains("my-pi", await FlushAsync(0, mqtts), StringComparison.Ordinal);
        foreach (var i in new[] { 1, 2, 3, 4 })
        {
            var values = await SayAsync(0, "device", "values", "my-pi", "--server", back.Door.Http.ToString(), "--token-file", "data/admin.token");
            Assert.Contains($"m{i}", values, StringComparison.Ordinal);
        }

        // Another place than its own is not authorized, and kept until somebody says otherwise; what was sent beside it may have gone through.
        Assert.Contains("1 messages wait in spool", await SayAsync(4, [.. Publish(mqtts, "default/lyon/other/_tele", 5)]), StringComparison.Ordinal);
        Assert.Contains("messages wait in spool", await PublishAsync(4, mqtts, 6), StringComparison.Ordinal);
        Assert.Contains("the server refused 1 messages for good", await FlushAsync(6, mqtts, "--give-up"), StringComparison.Ordinal);
        Assert.Contains("sent", await PublishAsync(0, mqtts, 7), StringComparison.Ordinal);
        var all = await SayAsync(0, "device", "values", "my-pi", "--server", back.Door.Http.ToString(), "--token-file", "data/admin.token");
        Assert.Contains("m6", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_at_once_on_one_folder_are_refused_and_so_is_what_cannot_be_meant()
    {
        var away = $"127.0.0.1:{GatewayProcess.FreePort()}";
        string[] holding = ["topic", "publish", $"{DevicePath}/_tele", "--message", "1", "--spool", "spool", "--mqtt", away, "--within", "10m"];
        await using (var first = ChildProcess.Start(ServerProcess.Binary, holding, _folder))
        {
            using var patience = new CancellationTokenSource(Patience);
            while (!File.Exists(Path.Combine(_folder, "spool", "reserve")))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
            }

            Assert.Contains("another program uses the spool", await SayAsync(5, "topic", "flush", "spool", "--mqtt", away, "--device", "my-pi"), StringComparison.Ordinal);
        }

        // The first was killed; what it had taken is there, and in its device's name alone.
        Assert.Contains("1 messages still wait", await SayAsync(7, "topic", "flush", "spool", "--mqtt", away, "--device", "my-pi", "--within", "1s"), StringComparison.Ordinal);
        Assert.Contains(
            "messages of the client 'my-pi:spool' wait",
            await SayAsync(5, "topic", "flush", "spool", "--mqtt", away, "--device", "other", "--within", "1s"),
            StringComparison.Ordinal);
        Assert.Contains("there is no folder elsewhere", await SayAsync(3, "topic", "flush", "elsewhere", "--mqtt", away, "--device", "my-pi"), StringComparison.Ordinal);
    }

    private static string[] Publish(string mqtts, string topic, int number, params string[] more) =>
    [
        "topic", "publish", topic, "--message", $$"""{"ts":"2026-01-01T00:0{{number}}:00Z","values":{"m{{number}}":{{number}} } }""",
        "--qos", $"{1 + (number % 2)}", "--spool", "spool", "--mqtts", mqtts, "--identity", "my-pi", .. more,
    ];

    private Task<string> PublishAsync(int exit, string mqtts, int number, params string[] more) =>
        SayAsync(exit, Publish(mqtts, $"{DevicePath}/_tele", number, more));

    private Task<string> FlushAsync(int exit, string mqtts, params string[] more) =>
        SayAsync(exit, ["topic", "flush", "spool", "--mqtts", mqtts, "--identity", "my-pi", .. more]);

    private async Task<string> SayAsync(int exit, params string[] arguments)
    {
        await using var process = ChildProcess.Start(ServerProcess.Binary, arguments, _folder);
        var lines = await process.EndAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == exit, $"ended with {process.ExitCode}: {process.Errors}");
        return exit == 0 ? string.Join('\n', lines) : process.Errors;
    }
}
