using System.Buffers;

namespace Pilotage.Protocols.Mqtt;

/// <summary>Topic names and topic filters: what is well-formed, and what matches what.</summary>
/// <remarks>MQTT 5.0, section 4.7; the rules are the same in 3.1.1.</remarks>
public static class MqttTopic
{
    private const string SharePrefix = "$share/";
    private static readonly SearchValues<char> Wildcards = SearchValues.Create("+#");
    private static readonly SearchValues<char> NotInShareName = SearchValues.Create("+#/");

    /// <summary>A topic name: at least one character (MQTT-4.7.3-1), no wildcard (MQTT-3.3.2-2), valid UTF-8.</summary>
    public static bool IsValidName(string topic) =>
        topic.Length > 0 && !topic.AsSpan().ContainsAny(Wildcards) && MqttText.IsValid(topic);

    /// <summary>
    /// A topic filter: <c>+</c> fills its level (MQTT-4.7.1-2), <c>#</c> fills the last one (MQTT-4.7.1-1). A filter
    /// that begins with <c>$share/</c> is valid only in the shape of a shared subscription (MQTT-4.8.2-1, 4.8.2-2).
    /// </summary>
    public static bool IsValidFilter(string filter)
    {
        if (filter.StartsWith(SharePrefix, StringComparison.Ordinal))
        {
            return TrySplitShare(filter, out _, out var inner) && IsValidPlainFilter(inner) && MqttText.IsValid(filter);
        }

        return IsValidPlainFilter(filter) && MqttText.IsValid(filter);
    }

    /// <summary>Whether the filter asks for a shared subscription, well-formed or not.</summary>
    public static bool IsShared(string filter) => filter.StartsWith(SharePrefix, StringComparison.Ordinal);

    /// <summary>Takes <c>$share/name/filter</c> apart.</summary>
    public static bool TrySplitShare(string filter, out string name, out string inner)
    {
        name = inner = "";
        if (!IsShared(filter))
        {
            return false;
        }

        var rest = filter.AsSpan(SharePrefix.Length);
        var slash = rest.IndexOf('/');
        if (slash < 1 || slash == rest.Length - 1 || rest[..slash].ContainsAny(NotInShareName))
        {
            return false;
        }

        name = rest[..slash].ToString();
        inner = rest[(slash + 1)..].ToString();
        return true;
    }

    /// <summary>Whether a plain filter (not a shared one) matches the name; both must be valid.</summary>
    public static bool Matches(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        // A wildcard in the first level never matches a topic that begins with $ (MQTT-4.7.2-1).
        if (topic is ['$', ..] && filter is ['+' or '#', ..])
        {
            return false;
        }

        while (true)
        {
            var want = TakeLevel(ref filter, out var wantMore);
            if (want is "#")
            {
                return true;
            }

            var have = TakeLevel(ref topic, out var haveMore);
            if (want is not "+" && !want.SequenceEqual(have))
            {
                return false;
            }

            if (!haveMore)
            {
                // "a/#" also matches "a" itself, its parent level.
                return !wantMore || filter is "#";
            }

            if (!wantMore)
            {
                return false;
            }
        }
    }

    /// <summary>How many levels a name or filter has; one more than its slashes.</summary>
    public static int Levels(ReadOnlySpan<char> topic) => topic.Count('/') + 1;

    private static bool IsValidPlainFilter(ReadOnlySpan<char> filter)
    {
        if (filter.IsEmpty)
        {
            return false;
        }

        var more = true;
        while (more)
        {
            var level = TakeLevel(ref filter, out more);
            if (level.ContainsAny(Wildcards) && (level.Length > 1 || (level[0] == '#' && more)))
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<char> TakeLevel(ref ReadOnlySpan<char> rest, out bool more)
    {
        var slash = rest.IndexOf('/');
        more = slash >= 0;
        var level = more ? rest[..slash] : rest;
        rest = more ? rest[(slash + 1)..] : [];
        return level;
    }
}
