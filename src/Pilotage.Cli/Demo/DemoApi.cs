using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>The HTTP API as the demonstration uses it: a server that is being started again is waited for, not failed on.</summary>
internal sealed class DemoApi(ApiClient client, TimeProvider time, bool ownsClient = true) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public Task<JsonNode?> GetAsync(string path, CancellationToken cancellation) => RetryAsync(() => client.GetAsync(path, cancellation), cancellation);

    public Task<JsonArray> ListAsync(string path, CancellationToken cancellation) => RetryAsync(() => client.ListAsync(path, cancellation), cancellation);

    public Task<JsonNode?> PostAsync(string path, JsonNode body, CancellationToken cancellation) => RetryAsync(() => client.PostAsync(path, body, cancellation), cancellation);

    public Task<JsonNode?> PutAsync(string path, JsonNode body, CancellationToken cancellation) => RetryAsync(() => client.PutAsync(path, body, cancellation), cancellation);

    public Task<JsonNode?> PutBytesAsync(string path, byte[] body, CancellationToken cancellation) => RetryAsync(() => client.PutBytesAsync(path, body, cancellation), cancellation);

    /// <summary>Asks again until the answer is as wanted; past the deadline, a failure that says what was waited for.</summary>
    public async Task<JsonNode> UntilAsync(string path, Func<JsonNode, bool> wanted, string what, TimeSpan within, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        JsonNode? last = null;
        while (time.GetElapsedTime(began) < within)
        {
            last = await GetAsync(path, cancellation);
            if (last is not null && wanted(last))
            {
                return last;
            }

            await Task.Delay(Pause, time, cancellation);
        }

        throw new CliFailure(ExitCode.TimedOut, $"waited {within.TotalSeconds:0} s for {what}", $"the last answer of {path} was {Shortened(last)}", "the logs lie in .pilotage/demo/logs");
    }

    public void Dispose()
    {
        if (ownsClient)
        {
            client.Dispose();
        }
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (CliFailure failure) when (failure.Unreachable && time.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }

    private static string Shortened(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "nothing";
        return text.Length <= 300 ? text : text[..300] + "…";
    }
}
