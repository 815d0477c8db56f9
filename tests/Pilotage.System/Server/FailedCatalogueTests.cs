using System.ComponentModel;
using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>P2 of the catalogue, on the real process: strace answers its sync with EIO.</summary>
public sealed class FailedCatalogueTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task After_a_failed_sync_nothing_is_written_and_the_server_says_why_and_ends()
    {
        await using (var first = await ServerProcess.StartAsync(_folder.Path))
        {
            await first.KillAsync();
        }

        var answered = 0;
        await using (var server = await StartTracedAsync())
        {
            var (status, body) = await DeclareAsync(server, answered);
            while (status == HttpStatusCode.OK)
            {
                Assert.True(++answered < 100, "no sync failed");
                (status, body) = await DeclareAsync(server, answered);
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("server.storage.unavailable", body, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await DeclareAsync(server, 1000)).Status);
            var (isReady, says) = await server.Door.ReadinessAsync();
            Assert.False(isReady);
            Assert.Contains("The catalogue failed", says, StringComparison.Ordinal);
            Assert.Equal(1, await server.ExitAsync(Patience));
            Assert.Contains("error: The catalogue failed", server.Errors, StringComparison.Ordinal);
        }

        await using var again = await ServerProcess.StartAsync(_folder.Path);
        var devices = (await again.Door.GetAsync("api/v1/devices"))["items"]!.AsArray().Select(device => (string)device!["id"]!).ToHashSet();
        Assert.All(Enumerable.Range(0, answered), number => Assert.Contains($"d{number}", devices));
    }

    private async Task<ServerProcess> StartTracedAsync()
    {
        try
        {
            return await ServerProcess.StartTracedAsync(
                _folder.Path, Path.Combine(_folder.Path, "catalogue.db-wal"), "fsync,fdatasync:error=EIO:when=12+");
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException("strace is missing; install it with: apt-get install strace", missing);
        }
    }

    private static Task<(HttpStatusCode Status, string Body)> DeclareAsync(ServerProcess server, int number)
    {
        var device = new JsonObject { ["path"] = $"default/site/d{number}", ["thing"] = "pump", ["id"] = $"d{number}" };
        return server.Door.AskAsync(HttpMethod.Post, "api/v1/enrolments", new JsonObject { ["devices"] = new JsonArray(device) });
    }
}
