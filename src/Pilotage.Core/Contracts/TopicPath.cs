using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Core.Contracts;

/// <summary>A topic of ours, taken apart: <c>&lt;tenant&gt;/&lt;site&gt;/…/&lt;device&gt;/_&lt;class&gt;[/&lt;name&gt;]</c>.</summary>
/// <remarks>
/// One to six location levels, the first being the tenant, then the device, then a class that begins with an
/// underscore; no level before the class may. A name may have several levels (<c>_twin/reported/rel_1</c>).
/// </remarks>
public sealed record TopicPath
{
    /// <summary>Most levels before the device.</summary>
    public const int LocationLevelsMax = 6;

    private TopicPath(string devicePath, string topicClass, string name)
    {
        DevicePath = devicePath;
        Class = topicClass;
        Name = name;
        var first = devicePath.IndexOf('/', StringComparison.Ordinal);
        var last = devicePath.LastIndexOf('/');
        Tenant = new(devicePath[..first]);
        Location = devicePath[..last];
        DeviceName = devicePath[(last + 1)..];
    }

    /// <summary>The first level.</summary>
    public TenantId Tenant { get; }

    /// <summary>Everything before the device, the tenant included.</summary>
    public string Location { get; }

    /// <summary>The device's level: a label at its place, not its identity.</summary>
    public string DeviceName { get; }

    /// <summary>Location and device: below this path, and nowhere else, the device may publish.</summary>
    public string DevicePath { get; }

    /// <summary>With its underscore, see <see cref="TopicClass"/>.</summary>
    public string Class { get; }

    /// <summary>What follows the class; empty when nothing does.</summary>
    public string Name { get; }

    /// <summary>Reads a topic; false when it has not this shape.</summary>
    public static bool TryParse(string topic, [NotNullWhen(true)] out TopicPath? path)
    {
        path = null;
        var mark = topic.IndexOf("/_", StringComparison.Ordinal);
        if (mark < 0 || !IsDevicePath(topic.AsSpan(0, mark)))
        {
            return false;
        }

        var rest = topic[(mark + 1)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var topicClass = slash < 0 ? rest : rest[..slash];
        var name = slash < 0 ? "" : rest[(slash + 1)..];
        if (topicClass.Length < 2 || rest.AsSpan().ContainsAny("+#\0") || (slash >= 0 && HasEmptyLevel(name)))
        {
            return false;
        }

        path = new(topic[..mark], topicClass, name);
        return true;
    }

    /// <summary>Whether a path can be a device's: a tenant, at most five more levels, and the device.</summary>
    public static bool IsDevicePath(ReadOnlySpan<char> path)
    {
        var levels = path.Count('/') + 1;
        if (levels < 2 || levels > LocationLevelsMax + 1 || path.ContainsAny("+#\0"))
        {
            return false;
        }

        foreach (var level in path.Split('/'))
        {
            // A dot and two of them are places in every address over HTTP, and no name there.
            if (path[level] is [] or ['_' or '$', ..] or ['.'] or ['.', '.'])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Puts a topic together.</summary>
    public static string Of(string devicePath, string topicClass, string name = "") =>
        name.Length == 0 ? $"{devicePath}/{topicClass}" : $"{devicePath}/{topicClass}/{name}";

    /// <inheritdoc/>
    public override string ToString() => Of(DevicePath, Class, Name);

    private static bool HasEmptyLevel(string name) =>
        name.Length == 0 || name[0] == '/' || name[^1] == '/' || name.Contains("//", StringComparison.Ordinal);
}
