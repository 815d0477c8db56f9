using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>Starts that cannot work, of the real process: one line that says what, why and what to do, and the right exit code.</summary>
public sealed class BadStartTests : IDisposable
{
    private const int Failed = 1;
    private const int Usage = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--http")]
    [InlineData("--mqtts")]
    [InlineData("--mqtt")]
    [InlineData("--ws")]
    [InlineData("--wss")]
    public async Task A_taken_port(string option)
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        await AssertAsync(Failed, [$"{option} {holder.LocalEndpoint} is taken", "another port"], With(option, $"{holder.LocalEndpoint}"));
    }

    [Fact]
    public async Task An_address_of_another_machine() =>
        await AssertAsync(Failed, ["--mqtts 192.0.2.1:8883", "no such address"], With("--mqtts", "192.0.2.1:8883"));

    [Fact]
    public async Task A_file_in_place_of_the_data_folder() =>
        await AssertAsync(Failed, ["is a file, not a folder", "--data"], ServerProcess.Arguments(_folder.File("data", "")));

    [Fact]
    public async Task A_data_folder_that_cannot_be_written() =>
        await AssertAsync(Failed, ["/proc/pilotage cannot be written", "--data"], ServerProcess.Arguments("/proc/pilotage"));

    [Fact]
    public async Task A_data_folder_of_a_newer_version()
    {
        _folder.File("format.json", "{\"format\":\"pilotage.data/99\"}");
        await AssertAsync(Failed, ["has format 99", "start the newer version"], ServerProcess.Arguments(_folder.Path));
    }

    [Fact]
    public async Task A_catalogue_that_is_none()
    {
        _folder.File("catalogue.db", new string('x', 10_000));
        await AssertAsync(Failed, ["catalogue.db cannot be opened", "restore a backup"], ServerProcess.Arguments(_folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    public async Task An_administrators_token_that_anybody_could_guess(string token)
    {
        PrivateFile.Write(new PosixDirectory(_folder.Path), "admin.token", token);
        await AssertAsync(Failed, ["admin.token holds fewer than 32 letters", "delete it"], ServerProcess.Arguments(_folder.Path));
    }

    [Fact]
    public async Task A_data_folder_that_another_server_uses()
    {
        await using var first = await ServerProcess.StartAsync(_folder.Path);
        await AssertAsync(Failed, ["Another server uses the data folder", "stop it"], ServerProcess.Arguments(_folder.Path));
        Assert.True((await first.Door.ReadinessAsync()).IsReady);
    }

    [Fact]
    public async Task Certificate_files_that_are_missing_empty_or_of_two_pairs()
    {
        var (certificate, key) = Pair("one");
        var (_, other) = Pair("two");
        var text = _folder.File("text.pem", "not a certificate\n");
        await AssertAsync(Usage, ["--tls-cert is /nowhere.pem", "not a readable file"], Tls("/nowhere.pem", key));
        await AssertAsync(Failed, [$"--tls-cert {text} holds no certificate", "give a PEM file"], Tls(text, key));
        await AssertAsync(Failed, [$"--tls-key {other} is not the key of --tls-cert {certificate}", "Give the private key"], Tls(certificate, other));
        await AssertAsync(Failed, [$"--tls-key {text} is not the key", "Give the private key"], Tls(certificate, text));
        await AssertAsync(Failed, [$"--tls-ca {text} holds no certificate"], [.. Data(), "--tls-ca", text]);
    }

    [Theory]
    [InlineData("--mqtt is 127.0.0.1:0 without TLS", "--mqtt", "127.0.0.1:0")]
    [InlineData("--ws is 127.0.0.1:0 without TLS", "--ws", "127.0.0.1:0")]
    [InlineData("--limits is for measuring", "--limits", "bench")]
    public async Task Options_that_need_another_one(string words, string option, string value) =>
        await AssertAsync(Usage, [words, "--insecure-open"], ["server", "--data", _folder.Path, option, value]);

    private async Task AssertAsync(int exitCode, string[] words, string[] arguments)
    {
        await using var server = ChildProcess.Start(ServerProcess.Binary, arguments);
        var said = await server.EndAsync().WaitAsync(Patience);
        Assert.Empty(said);
        var lines = server.Errors.Split('\n');
        Assert.StartsWith("error: ", lines[0], StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, lines[0], StringComparison.Ordinal));

        // What is wrong in itself has the flag to give instead; what the machine is not ready for says it in its sentence.
        Assert.Equal(exitCode == Usage ? ["try:"] : [], lines[1..].Select(line => line[..4]));
        Assert.Equal(exitCode, server.ExitCode);
    }

    private string[] Data() => ServerProcess.Arguments(Path.Combine(_folder.Path, "data"));

    private string[] Tls(string certificate, string key) => [.. Data(), "--tls-cert", certificate, "--tls-key", key];

    private string[] With(string option, string value)
    {
        var arguments = Data();
        var place = Array.IndexOf(arguments, option);
        if (place < 0)
        {
            return [.. arguments, option, value];
        }

        arguments[place + 1] = value;
        return arguments;
    }

    private (string Certificate, string Key) Pair(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(130));
        return (_folder.File($"{name}.pem", certificate.ExportCertificatePem()), _folder.File($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
