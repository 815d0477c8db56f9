using System.Diagnostics;

namespace Pilotage.Testing;

/// <summary>A small ext4 file system in an image file, whose power can be cut for real; needs root.</summary>
/// <remarks>
/// A cut copies the image at once, without unmounting or syncing: the copy holds what was flushed to the platter and
/// nothing else. Mounted, its journal replays, as after a power loss. SIGKILL the writer first.
/// </remarks>
public sealed class PowerCutVolume : IAsyncDisposable
{
    private const int TriesMax = 100;
    private const int BlockBytes = 4096;
    private int _fillers;
    private readonly string _image;
    private readonly string _mount;
    private readonly string _root;

    private PowerCutVolume(string root)
    {
        _root = root;
        _image = Path.Combine(root, "volume.ext4");
        _mount = Path.Combine(root, "mount");
    }

    /// <summary>Where it is mounted.</summary>
    public string MountPath => _mount;

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? Unavailable
    {
        get
        {
            if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            {
                return "needs root to mount a file system; the simulated power cuts stand alone here";
            }

            return File.Exists("/dev/loop-control") && File.Exists("/usr/sbin/mkfs.ext4")
                ? null
                : "needs loop devices and mkfs.ext4 (e2fsprogs); the simulated power cuts stand alone here";
        }
    }

    public static async Task<PowerCutVolume> CreateAsync(int megabytes = 64)
    {
        var volume = new PowerCutVolume(Directory.CreateTempSubdirectory("pilotage-cut-").FullName);
        Directory.CreateDirectory(volume._mount);
        await RunAsync("truncate", "-s", $"{megabytes}M", volume._image);
        await RunAsync("/usr/sbin/mkfs.ext4", "-q", "-F", "-m", "0", volume._image);
        await RunAsync("mount", "-o", "loop", volume._image, volume._mount);
        return volume;
    }

    /// <summary>Takes space away with a file of zeros, as much as fits, which may be nothing; delete the file to give it back.</summary>
    public async Task<string> FillAsync(int kilobytesLeft)
    {
        var path = Path.Combine(_mount, $"filler-{++_fillers}");
        for (var tried = 1; ; tried++)
        {
            var free = new DriveInfo(_mount).AvailableFreeSpace - (kilobytesLeft * 1024L);
            if (free < BlockBytes)
            {
                // As much as fits is nothing.
                return path;
            }

            try
            {
                await RunAsync("fallocate", "-l", $"{free}", path);
                return path;
            }
            catch (InvalidOperationException less) when (tried < TriesMax && less.Message.Contains("No space left", StringComparison.Ordinal))
            {
                // Somebody wrote meanwhile: there is less than was measured.
                File.Delete(path);
            }
        }
    }

    /// <summary>What a power cut at this moment leaves; the volume itself lives on.</summary>
    public async Task InspectCutAsync(Func<string, Task> inspect)
    {
        var copy = Path.Combine(_root, "copy.ext4");
        var mount = Path.Combine(_root, "after");
        await RunAsync("cp", "--sparse=always", _image, copy);
        Directory.CreateDirectory(mount);
        await RunAsync("mount", "-o", "loop", copy, mount);
        try
        {
            await inspect(mount);
        }
        finally
        {
            await UnmountAsync(mount);
            File.Delete(copy);
        }
    }

    /// <summary>Cuts the power: what was flushed is the volume from now on. SIGKILL whoever uses it first.</summary>
    public async Task CutAsync()
    {
        var platter = Path.Combine(_root, "platter.ext4");
        await RunAsync("cp", "--sparse=always", _image, platter);
        await UnmountAsync(_mount);
        File.Move(platter, _image, overwrite: true);
        await RunAsync("mount", "-o", "loop", _image, _mount);
    }

    public async ValueTask DisposeAsync()
    {
        await UnmountAsync(_mount);
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>A process that another test is starting holds our files between fork and exec: for that moment the volume is busy.</summary>
    private static async Task UnmountAsync(string mount)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                await RunAsync("umount", mount);
                return;
            }
            catch (InvalidOperationException busy) when (tried < TriesMax && busy.Message.Contains("busy", StringComparison.Ordinal))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors}");
        }
    }
}
