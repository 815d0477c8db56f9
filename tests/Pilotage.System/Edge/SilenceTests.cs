using System.Diagnostics;
using Pilotage.System.Server;
using Xunit;

namespace Pilotage.System.Edge;

/// <summary>Libraries that come along must not speak to their makers, nor leave anything behind.</summary>
public sealed class SilenceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_inference_library_reports_its_use_to_nobody()
    {
        // Where it may report, it keeps an identity and a log in the folder for temporary files, from its first moment on.
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["onnx"]);
        start.Environment["TMPDIR"] = _folder.Path;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(0, process.ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }
}
