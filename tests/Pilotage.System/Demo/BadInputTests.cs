using Xunit;

namespace Pilotage.System.Demo;

/// <summary>What a stranger gets wrong is said at once, on standard error, in three lines: what, why, what to try; never a stack.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-input-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Bad_data_files_are_named_with_file_line_and_what_was_expected()
    {
        await RefusesAsync(2, "does not exist", "demo", "--data", "nowhere");
        Directory.CreateDirectory(Path.Combine(_folder, "data"));
        await RefusesAsync(2, "no train_ file at all", "demo", "--data", "data");
        await File.WriteAllTextAsync(Path.Combine(_folder, "data/train_FD001.txt"), "1 1 0.5\n");
        await RefusesAsync(1, "train_FD001.txt:1: 3 fields", "demo", "--data", "data");
        await RefusesAsync(2, "train_FD001.txt", "demo", "--data", "data", "--subset", "FD009");
        await RefusesAsync(2, "--subset names no set", "demo", "--data", "data", "--subset", ",");
        await RefusesAsync(2, "--subset needs --data", "demo", "--subset", "FD001");
    }

    [Fact]
    public async Task A_report_or_a_port_that_cannot_be_is_refused_before_anything_starts()
    {
        await RefusesAsync(2, "mkdir -p", "demo", "--report", "no/such/folder/r.json");
        await RefusesAsync(2, "cannot be written", "demo", "--report", ".");
        await RefusesAsync(2, "is not a port", "demo", "--port", "70000");
        await RefusesAsync(2, "is not a port", "demo", "--port", "-1");
        await RefusesAsync(2, "try:", "demo", "--port", "web");
        Assert.False(Directory.Exists(Path.Combine(_folder, ".pilotage/demo/server")));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_is_said()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, ".pilotage"), "a file where the folder would be");

        await RefusesAsync(1, "cannot write to", "demo", "--port", "0");
    }

    [Fact]
    public async Task Without_a_demonstration_stop_and_cheat_say_so()
    {
        var (exit, output, _) = await DemoProcess.RunAsync(_folder, "demo", "stop", "--purge");
        Assert.Equal(0, exit);
        Assert.Contains("no demonstration is running here", output, StringComparison.Ordinal);
        await RefusesAsync(3, "pilotage demo", "demo", "cheat", "--server", "http://127.0.0.1:9", "--token-file", await TokenAsync());
    }

    private async Task<string> TokenAsync()
    {
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, "pat_guess\n");
        return file;
    }

    private async Task RefusesAsync(int expected, string says, params string[] arguments)
    {
        var (exit, output, errors) = await DemoProcess.RunAsync(_folder, arguments);

        Assert.True(exit == expected, $"{string.Join(' ', arguments)} ended with {exit}: {errors}");
        Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
        Assert.Contains(says, errors, StringComparison.Ordinal);
        Assert.InRange(errors.TrimEnd().Split('\n').Length, 1, 3);
        Assert.Empty(output);
    }
}
