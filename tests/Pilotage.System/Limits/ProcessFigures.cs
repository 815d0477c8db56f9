using System.Globalization;

namespace Pilotage.System.Limits;

/// <summary>What the kernel says of a process.</summary>
internal static class ProcessFigures
{
    /// <summary>Resident memory now, in MB.</summary>
    public static double ResidentMb(int id) => Status(id, "VmRSS:");

    /// <summary>The most it ever had resident, in MB.</summary>
    public static double PeakMb(int id) => Status(id, "VmHWM:");

    /// <summary>Descriptors that are open.</summary>
    public static int Descriptors(int id) => Directory.GetFileSystemEntries($"/proc/{id}/fd").Length;

    private static double Status(int id, string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").Single(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
