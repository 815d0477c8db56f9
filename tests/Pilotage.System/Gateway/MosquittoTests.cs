using System.Diagnostics;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.System.Gateway;

/// <summary>An independent client: mosquitto_pub and mosquitto_sub of the Debian package mosquitto-clients.</summary>
public sealed class MosquittoTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("5", "0")]
    [InlineData("5", "1")]
    [InlineData("5", "2")]
    [InlineData("311", "0")]
    [InlineData("311", "1")]
    [InlineData("311", "2")]
    public async Task Its_messages_pass(string version, string qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = Start("mosquitto_sub", broker, version, "-i", "sub", "-q", qos, "-t", "acme/+/_tele", "-C", "3");
        await UntilAsync(() => broker.Broker.Clients.Any(c => c is { Identity.ClientId: "sub", Subscriptions: 1 }));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("", await EndAsync(Start("mosquitto_pub", broker, version, "-q", qos, "-t", "acme/a/_tele", "-m", $"{i}")));
        }

        Assert.Equal("0\n1\n2\n", await EndAsync(subscriber));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("311")]
    public async Task Its_session_waits_for_it_across_a_restart_and_retained_messages_are_marked(string version)
    {
        await using var broker = await TestBroker.StartAsync();
        string[] lasting = version == "5" ? ["-c", "-x", "600"] : ["-c"];
        string[] subscribe = ["-i", "lasting", "-q", "1", "-t", "acme/#", .. lasting];
        await EndAsync(Start("mosquitto_sub", broker, version, [.. subscribe, "-E"]));
        await EndAsync(Start("mosquitto_pub", broker, version, "-q", "1", "-t", "acme/a", "-m", "missed"));
        await EndAsync(Start("mosquitto_pub", broker, version, "-q", "1", "-r", "-t", "acme/r", "-m", "kept"));
        await broker.RestartAsync();

        Assert.Equal("missed\nkept\n", await EndAsync(Start("mosquitto_sub", broker, version, [.. subscribe, "-C", "2"])));
        Assert.Equal(
            "1 kept\n",
            await EndAsync(Start("mosquitto_sub", broker, version, "-t", "acme/r", "-F", "%r %p", "-C", "1")));
    }

    private static Process Start(string program, TestBroker broker, string version, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] all = ["-h", "127.0.0.1", "-p", $"{broker.Port}", "-V", version == "5" ? "5" : "mqttv311", .. arguments];
        foreach (var argument in all)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task<string> EndAsync(Process process)
    {
        using (process)
        {
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                throw;
            }

            var errors = await process.StandardError.ReadToEndAsync();
            Assert.True(process.ExitCode == 0, errors);
            return await process.StandardOutput.ReadToEndAsync();
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
