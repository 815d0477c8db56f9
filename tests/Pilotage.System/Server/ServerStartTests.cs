using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>The server as an operator meets it: start, look, stop, and what it says when it cannot start.</summary>
public sealed class ServerStartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-serve-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Serves_until_it_is_asked_to_stop_and_ends_with_0()
    {
        using var stopping = new CancellationTokenSource();
        var output = new ReadyWriter();
        var errors = new StringWriter();
#pragma warning disable CA2025 // The run is awaited below; the writers hold nothing that disposal would free.
        var running = ServerHost.RunAsync(Options(), output, errors, stopping.Token);
#pragma warning restore CA2025
        var ready = await output.Ready.Task.WaitAsync(Patience);
        Assert.Contains(" mqtts=127.0.0.1:", ready, StringComparison.Ordinal);

        using var http = new HttpClient { BaseAddress = new Uri(ready.Split(' ').Single(w => w.StartsWith("http=", StringComparison.Ordinal))[5..]) };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz/live")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz/ready")).StatusCode);
        Assert.Contains("pilotage_metrics_dropped_total 0", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        using var document = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json"));
        Assert.True(document.RootElement.GetProperty("paths").TryGetProperty("/api/v1/devices", out _));

        using var refused = await http.GetAsync("/api/v1/devices");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(_folder, "admin.token"))).Trim());
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/v1/devices")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/v1/devices/nobody")).StatusCode);

        // A page that watches must not hold the end up until the drain time of a minute has run out.
        using var live = await http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", live.Content.Headers.ContentType!.MediaType);
        await stopping.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(Patience / 2));

        // Everything is let go of: the same folder serves again.
        using var again = DataFolder.Open(_folder).Value;
    }

    [Fact]
    public async Task A_taken_port_is_one_clear_error()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var taken = (IPEndPoint)holder.LocalEndpoint;
        foreach (var options in new[] { Options() with { Http = taken }, Options() with { Mqtts = taken } })
        {
            var output = new ReadyWriter();
            var errors = new StringWriter();
            Assert.Equal(1, await ServerHost.RunAsync(options, output, errors, CancellationToken.None).WaitAsync(Patience));
            Assert.StartsWith("error: ", errors.ToString(), StringComparison.Ordinal);
            Assert.Contains($"{taken.Port}", errors.ToString(), StringComparison.Ordinal);
            Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        }
    }

    private ServerOptions Options() => new()
    {
        DataFolder = _folder,
        Tenant = "acme",
        DrainTimeout = TimeSpan.FromMinutes(1),
        Http = new IPEndPoint(IPAddress.Loopback, 0),
        Mqtts = new IPEndPoint(IPAddress.Loopback, 0),
    };

    private sealed class ReadyWriter : StringWriter
    {
        public TaskCompletionSource<string> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Task WriteLineAsync(string? value)
        {
            Ready.TrySetResult(value ?? "");
            return Task.CompletedTask;
        }
    }
}
