using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>What a CloudEvent says about itself, each attribute checked by its own name.</summary>
internal sealed partial class EventAttributes
{
    private readonly JsonElement _said;
    private readonly int _charsMax;
    private readonly List<RefusalDetail> _faults;

    /// <param name="said">An object of JSON that has the attributes.</param>
    /// <param name="isTyped">Whether the type has to be among them.</param>
    /// <param name="receivedNs">The time, where none is said.</param>
    /// <param name="charsMax">Most characters of an id or a source.</param>
    /// <param name="faults">Takes what is wrong.</param>
    public EventAttributes(JsonElement said, bool isTyped, long receivedNs, int charsMax, List<RefusalDetail> faults)
    {
        (_said, _charsMax, _faults, TimeNs) = (said, charsMax, faults, receivedNs);
        ReadVersion();
        Id = Text("id", "; without an id a redelivery would count twice");
        Source = Find("source") is null ? null : Text("source", "");
        if (Source is not null && !IsReference(Source))
        {
            Add("source", $"is no URI reference (RFC 3986): \"{Shown(Source)}\"; leave it out for the path of the device");
        }

        ReadType(isTyped);
        ReadTime(receivedNs);
    }

    public string? Id { get; }

    /// <summary>Null where nothing is said.</summary>
    public string? Source { get; }

    /// <summary>Null where nothing is said.</summary>
    public string? Type { get; private set; }

    public long TimeNs { get; private set; }

    public bool IsSound => _faults.Count == 0;

    private void ReadVersion()
    {
        switch (Find("specversion"))
        {
            case null:
                Add("specversion", "is missing; it is \"1.0\"");
                break;
            case { ValueKind: JsonValueKind.String } version when version.ValueEquals("1.0"u8):
                break;
            case { } other:
                Add("specversion", $"is {Shown(other.GetRawText())}; CloudEvents \"1.0\" are read");
                break;
        }
    }

    private void ReadType(bool isTyped)
    {
        // Where the topic says the type, what the event says is nobody's business.
        if (!isTyped)
        {
            return;
        }

        Type = Find("type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null;
        if (Type is null || !TypeName().IsMatch(Type))
        {
            Add("type", Find("type") is null ? "is missing" : "has letters, digits and . _ : / -, a letter or digit first, at most 128");
        }
    }

    private void ReadTime(long receivedNs)
    {
        if (Find("time") is not { } time)
        {
            return;
        }

        if (Timestamps.TryRead(time, receivedNs, out var timeNs, out var why))
        {
            TimeNs = timeNs;
        }
        else
        {
            _faults.Add(new("/time", Timestamps.Said(why!, "time")));
        }
    }

    private string? Text(string name, string why)
    {
        var text = Find(name) is { ValueKind: JsonValueKind.String } there ? there.GetString() : null;
        var says = Find(name) is null ? $"is missing{why}"
            : text is null ? "is no text"
            : text.Length == 0 ? $"is empty{why}"
            : text.Length > _charsMax ? $"has {text.Length} characters; {_charsMax} are the most"
            : null;
        if (says is null)
        {
            return text;
        }

        Add(name, says);
        return null;
    }

    /// <summary>An attribute; null is as if it were left out.</summary>
    private JsonElement? Find(string name) => _said.TryGetProperty(name, out var there) && there.ValueKind != JsonValueKind.Null ? there : null;

    private void Add(string name, string says) => _faults.Add(new($"/{name}", $"{name} {says}"));

    /// <summary>Whether a text can be a URI reference, letters beyond ASCII as they are (RFC 3987): headers are decoded before they come here.</summary>
    private static bool IsReference(string text)
    {
        var (colon, end) = (text.IndexOf(':', StringComparison.Ordinal), text.AsSpan().IndexOfAny('/', '?', '#'));
        var hasScheme = colon >= 0 && (end < 0 || colon < end);
        return !Unfit().IsMatch(text) && text.Count(letter => letter == '#') <= 1 && (!hasScheme || Scheme().IsMatch(text[..colon]));
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";

    // Spaces and signs that no reference has, and a per cent sign without two digits behind it (RFC 3986, section 2).
    [GeneratedRegex(@"[\s\p{C}<>""{}|\\^`]|%(?![0-9A-Fa-f]{2})")]
    private static partial Regex Unfit();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*$")]
    private static partial Regex Scheme();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
    private static partial Regex TypeName();
}
