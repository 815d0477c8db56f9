using System.Globalization;

namespace Pilotage.Runtime.Inference;

/// <summary>Energy of the processor packages as Linux tells it under <c>/sys/class/powercap</c>.</summary>
/// <remarks>
/// Counters are in microjoules and begin again at <c>max_energy_range_uj</c>; read at least once a turn (a minute or more at full load),
/// they are followed over it. Since Linux 5.10 only root may read them; virtual machines mostly have none.
/// </remarks>
public sealed class RaplCounter
{
    /// <summary>Where the kernel keeps them.</summary>
    public const string SystemFolder = "/sys/class/powercap";
    private const double Micro = 1e-6;

    // Intel's manual, volume 3, section 16.10.3: the counter is updated about each millisecond.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly Lock _gate = new();
    private readonly Package[] _packages;
    private double _joules;

    private RaplCounter(Package[] packages) => _packages = packages;

    /// <summary>Opens the counters of all packages; null when there is none, or it may not be read.</summary>
    public static RaplCounter? Open(string folder = SystemFolder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var packages = new List<Package>();
        foreach (var zone in Directory.EnumerateDirectories(folder, "*rapl:*").Where(IsPackage).Order(StringComparer.Ordinal))
        {
            if (Number(Path.Combine(zone, "energy_uj")) is not { } now || Number(Path.Combine(zone, "max_energy_range_uj")) is not { } range)
            {
                return null;
            }

            packages.Add(new Package(Path.Combine(zone, "energy_uj"), range) { Last = now });
        }

        return packages.Count == 0 ? null : new RaplCounter([.. packages]);
    }

    /// <summary>Joules of all packages since this was opened; null when a counter can no longer be read.</summary>
    public double? Read()
    {
        lock (_gate)
        {
            foreach (var package in _packages)
            {
                if (Number(package.File) is not { } now)
                {
                    return null;
                }

                // Less than before: it began again.
                var spent = now >= package.Last ? now - package.Last : package.Range - package.Last + now;
                package.Last = now;
                _joules += spent * Micro;
            }

            return _joules;
        }
    }

    /// <summary>What the steps of the counter allow over a time: one at each end.</summary>
    public static double ErrorShare(TimeSpan over) => Math.Min(1, 2 * Step / over);

    // intel-rapl:0 is a package, intel-rapl:0:1 a part of it that would be counted twice; psys, the whole board, would be too.
    private static bool IsPackage(string zone) =>
        Path.GetFileName(zone).Count(c => c == ':') == 1 && Text(Path.Combine(zone, "name"))?.StartsWith("package", StringComparison.Ordinal) == true;

    private static double? Number(string file) => ulong.TryParse(Text(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed class Package(string file, double range)
    {
        public string File { get; } = file;

        public double Range { get; } = range;

        public double Last { get; set; }
    }
}
