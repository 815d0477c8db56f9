using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Cheats;

/// <summary>With the server's disk: one bit of the model file is turned, as an intruder or a dying disk would.</summary>
internal static class ModelCheat
{
    public static async Task<(string? By, string Says)> RunAsync(DemoHome home, ApiClient api, CancellationToken cancellation)
    {
        var models = await api.ListAsync("api/v1/models", cancellation);
        var digest = models.Count > 0
            ? Read.Text(models[0], "digest")
            : throw new CliFailure(ExitCode.NotFound, "no model is registered yet", null, "wait until the demonstration has passed the step 'model'");
        var hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var file = Directory.EnumerateFiles(home.Server, "*", SearchOption.AllDirectories).FirstOrDefault(path => Path.GetFileName(path).Contains(hex, StringComparison.Ordinal))
            ?? throw new CliFailure(ExitCode.NotFound, $"the file of {digest} was not found below {home.Server}");
        var whole = await File.ReadAllBytesAsync(file, cancellation);
        // A file written in place keeps its mode; one that is read-only is opened up first.
        var readOnly = new FileInfo(file).IsReadOnly;
        var altered = (byte[])whole.Clone();
        altered[altered.Length / 2] ^= 1;
        new FileInfo(file).IsReadOnly = false;
        await File.WriteAllBytesAsync(file, altered, cancellation);
        try
        {
            var served = await api.GetBytesAsync($"api/v1/artifacts/{digest}", cancellation);
            return (null, $"the server handed out {served.Length} bytes under a digest that is not theirs");
        }
        catch (CliFailure failure) when (!failure.Unreachable)
        {
            return ("the digest: bytes are hashed again whenever they leave the store, and again on the edge", failure.Message);
        }
        finally
        {
            await File.WriteAllBytesAsync(file, whole, CancellationToken.None);
            new FileInfo(file).IsReadOnly = readOnly;
        }
    }
}
