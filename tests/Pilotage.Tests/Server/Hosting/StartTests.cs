using System.Net;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, true)]
    [InlineData(255, false)]
    [InlineData(256, true)]
    [InlineData(-1, false)]
    public void Takes_as_much_memory_as_a_server_starts_with(int mib, bool isTaken)
    {
        var checkedOptions = ServerOptionsCheck.Check(Options() with { MemoryMiB = mib });
        Assert.Equal(isTaken, checkedOptions.IsOk);
        Assert.True(isTaken || checkedOptions.Refusal.Message.StartsWith($"--memory-mib is {mib}; allowed: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Takes_the_defaults() => Assert.True(ServerOptionsCheck.Check(Options()).IsOk);

    [Fact]
    public void Names_the_option_the_value_and_the_range()
    {
        var refusal = ServerOptionsCheck.Check(Options() with { DrainTimeout = TimeSpan.FromHours(1), Tenant = "Acme Corp" }).Refusal;
        Assert.Contains("DrainTimeout is 01:00:00; allowed: 00:00:00.1000000 to 00:10:00", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--tenant is Acme Corp; allowed: lower-case letters", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_plain_listeners_beyond_this_machine()
    {
        var everywhere = new IPEndPoint(IPAddress.Any, 8080);
        Assert.Contains("loopback", ServerOptionsCheck.Check(Options() with { Http = everywhere }).Refusal.Message, StringComparison.Ordinal);
        Assert.False(ServerOptionsCheck.Check(Options() with { Mqtt = everywhere, InsecureOpen = true }).IsOk);
        Assert.True(ServerOptionsCheck.Check(Options() with { Https = everywhere }).IsOk);
    }

    [Fact]
    public void Refuses_mqtt_without_tls_unless_it_is_said_twice()
    {
        var plain = new IPEndPoint(IPAddress.Loopback, 1883);
        Assert.Contains("insecure-open", ServerOptionsCheck.Check(Options() with { Mqtt = plain }).Refusal.Message, StringComparison.Ordinal);
        Assert.False(ServerOptionsCheck.Check(Options() with { InsecureOpen = true }).IsOk);
        Assert.True(ServerOptionsCheck.Check(Options() with { Mqtt = plain, InsecureOpen = true }).IsOk);
    }

    [Fact]
    public void A_second_server_on_the_same_folder_is_told_so()
    {
        using var first = DataFolder.Open(_folder).Value;
        Assert.Equal("server.data_in_use", DataFolder.Open(_folder).Refusal.Code);
        first.Dispose();
        using var second = DataFolder.Open(_folder).Value;
    }

    [Fact]
    public void A_newer_or_foreign_data_folder_is_left_alone()
    {
        File.WriteAllText(Path.Combine(_folder, "format.json"), "{\"format\":\"pilotage.data/99\"}");
        Assert.Equal("server.data_newer", DataFolder.Open(_folder).Refusal.Code);
        File.WriteAllText(Path.Combine(_folder, "format.json"), "{\"name\":\"somebody else's\"}");
        Assert.Equal("server.data_unknown", DataFolder.Open(_folder).Refusal.Code);
    }

    [Fact]
    public void An_older_data_folder_is_taken_over_and_says_so()
    {
        var marker = Path.Combine(_folder, "format.json");
        File.WriteAllText(marker, "{\"format\":\"pilotage.data/1\"}");
        using var opened = DataFolder.Open(_folder).Value;
        Assert.Contains("pilotage.data/3", File.ReadAllText(marker), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_clear_error()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.Equal("server.data_not_writable", DataFolder.Open(Path.Combine(file, "data")).Refusal.Code);
    }

    [Fact]
    public async Task Reports_a_refused_start_on_one_line_and_exits_1()
    {
        using var held = DataFolder.Open(_folder).Value;
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Assert.Equal(1, await ServerHost.RunAsync(Options(), output, errors, CancellationToken.None));
        Assert.Empty(output.ToString());
        Assert.StartsWith("error: Another server uses the data folder", errors.ToString(), StringComparison.Ordinal);
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
    }

    private ServerOptions Options() => new() { DataFolder = _folder };
}
