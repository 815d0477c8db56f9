using System.Globalization;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Export;

/// <summary>Times in tables that people and programs read.</summary>
internal static class ExportTime
{
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>RFC 3339 with as many digits as the time has, up to nanoseconds.</summary>
    public static string Rfc3339(long ns)
    {
        var past = ns % NsPerSecond;
        past = past < 0 ? past + NsPerSecond : past;
        var second = Clock.FromNs(ns - past).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return past == 0 ? second + "Z" : $"{second}.{past.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }
}
