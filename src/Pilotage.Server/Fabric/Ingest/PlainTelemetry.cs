using System.Text;
using System.Text.Json;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>
/// Reads the telemetry that nearly all devices send, without a document and, once a topic's names are known, without
/// allocating: one object of <c>ts</c> and <c>values</c>, or a bare one, with numbers and truth values.
/// </summary>
/// <remarks>
/// Fast path of <see cref="TelemetryReader"/>: what it takes, that reads the same way; whatever is unusual, and
/// everything that is wrong, is left to it.
/// </remarks>
internal ref struct PlainTelemetry
{
    /// <summary>More members than this are rare, and are read the slow way.</summary>
    public const int MembersMax = 64;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 3 };

    [ThreadStatic]
    private static Scratch? t_scratch;

    private readonly Scratch _scratch;
    private readonly TelemetryLayout _known;
    private Utf8JsonReader _json;
    private int _members;
    private int _count;
    private bool _hasTime;
    private bool _hasValues;
    private bool _isOdd;

    private PlainTelemetry(ReadOnlySpan<byte> payload, TelemetryLayout known)
    {
        _json = new Utf8JsonReader(payload, Options);
        _known = known;
        _scratch = t_scratch ??= new Scratch();
    }

    /// <summary>Reads one message of a topic that ends with the class; false when it is not plain.</summary>
    /// <param name="payload">As it came; not needed afterwards.</param>
    /// <param name="receivedNs">Stands in for a missing time.</param>
    /// <param name="layout">Of the topic's last message; replaced where this one's is another.</param>
    /// <param name="timeNs">Device time.</param>
    /// <param name="values">One for each property of the layout, 1 and 0 for true and false; good until the thread reads the next message.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> payload, long receivedNs, ref TelemetryLayout layout, out long timeNs, out ReadOnlySpan<double> values)
    {
        var reader = new PlainTelemetry(payload, layout);
        timeNs = receivedNs;
        values = default;
        try
        {
            if (!reader.ReadMembers(receivedNs, ref timeNs) || reader._count == 0)
            {
                return false;
            }
        }
        catch (JsonException)
        {
            // Said properly by the slow way.
            return false;
        }

        values = reader._scratch.Values.AsSpan(0, reader._count);
        return reader.IsKnown() || reader.TryLearn(ref layout);
    }

    private bool ReadMembers(long receivedNs, ref long timeNs)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryMember(out var name) || !_json.Read() || !TryTake(name, receivedNs, ref timeNs))
            {
                return false;
            }
        }

        // A last look finds whatever stands behind the object.
        return _json.TokenType == JsonTokenType.EndObject && !_json.Read() && !(_isOdd && !_hasValues);
    }

    private bool TryTake(string name, long receivedNs, ref long timeNs)
    {
        switch (name)
        {
            case "ts":
                _hasTime = !_hasTime;
                return _hasTime && TryTime(receivedNs, out timeNs);
            case "values":
                // What stood before it was no value.
                _count = 0;
                _hasValues = !_hasValues;
                return _hasValues && TryValues();
            case "n" or "bn":
                return false;
            default:
                if (_hasValues)
                {
                    return IsSimple();
                }

                if (TryNumber(out var value, out var kind))
                {
                    return TryAdd(name, value, kind);
                }

                // No fault where values follow, and one where the object itself is the values.
                _isOdd = true;
                return IsSimple();
        }
    }

    private bool TryValues()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_count == MembersMax || !TryName(_known.Properties, _count, out var name) || name == "ts" || !_json.Read() || !TryNumber(out var value, out var kind)
                || !TryAdd(name, value, kind))
            {
                return false;
            }
        }

        return _json.TokenType == JsonTokenType.EndObject;
    }

    private readonly bool IsSimple() => _json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray);

    private readonly bool TryTime(long receivedNs, out long timeNs)
    {
        timeNs = 0;
        if (_json.TokenType == JsonTokenType.Number)
        {
            return _json.TryGetInt64(out var ms) && Timestamps.TryMilliseconds(ms, receivedNs, out timeNs, out _);
        }

        if (_json.TokenType != JsonTokenType.String || _json.ValueIsEscaped || _json.ValueSpan.Length > Timestamps.CharsMax)
        {
            return false;
        }

        Span<char> text = stackalloc char[Timestamps.CharsMax];
        return Ascii.ToUtf16(_json.ValueSpan, text, out var length) == System.Buffers.OperationStatus.Done
            && Timestamps.TryText(text[..length], receivedNs, out timeNs, out _);
    }

    private readonly bool TryNumber(out double value, out SeriesKind kind)
    {
        kind = _json.TokenType == JsonTokenType.Number ? SeriesKind.Number : SeriesKind.Truth;
        value = _json.TokenType == JsonTokenType.True ? 1 : 0;
        return _json.TokenType switch
        {
            JsonTokenType.Number => _json.TryGetDouble(out value) && double.IsFinite(value),
            JsonTokenType.True or JsonTokenType.False => true,
            _ => false,
        };
    }

    private bool TryAdd(string name, double value, SeriesKind kind)
    {
        if (_count == MembersMax)
        {
            return false;
        }

        _scratch.Properties[_count] = name;
        _scratch.Values[_count] = value;
        _scratch.Kinds[_count] = kind;
        _count++;
        return true;
    }

    private bool TryMember(out string name)
    {
        if (_members == MembersMax || !TryName(_known.Members, _members, out name))
        {
            name = "";
            return false;
        }

        _scratch.Members[_members] = name;
        _members++;
        return true;
    }

    /// <summary>The name as a string; the known one where it is the same.</summary>
    private readonly bool TryName(string[] known, int place, out string name)
    {
        name = "";
        var bytes = _json.ValueSpan;
        if (_json.ValueIsEscaped)
        {
            return false;
        }

        if (place < known.Length && Ascii.Equals(bytes, known[place]))
        {
            name = known[place];
            return true;
        }

        if (!Ascii.IsValid(bytes))
        {
            return false;
        }

        name = Encoding.ASCII.GetString(bytes);
        return TelemetryReader.IsProperty(name);
    }

    private readonly ReadOnlySpan<string> Members => _scratch.Members.AsSpan(0, _members);

    private readonly ReadOnlySpan<SeriesKind> Kinds => _scratch.Kinds.AsSpan(0, _count);

    private readonly ReadOnlySpan<string> Properties => _scratch.Properties.AsSpan(0, _count);

    /// <summary>Names that are known are the same objects, so this compares references.</summary>
    private readonly bool IsKnown() => Members.SequenceEqual(_known.Members) && Properties.SequenceEqual(_known.Properties)
        && Kinds.SequenceEqual(_known.Kinds);

    /// <summary>A new layout is taken once its names are all different; the known one was looked at then.</summary>
    private readonly bool TryLearn(ref TelemetryLayout layout)
    {
        var (members, properties) = (Members.ToArray(), Properties.ToArray());
        if (HasTwice(members) || HasTwice(properties))
        {
            return false;
        }

        layout = new TelemetryLayout(members, properties, Kinds.ToArray());
        return true;
    }

    private static bool HasTwice(string[] names) => names.ToHashSet(StringComparer.Ordinal).Count != names.Length;

    private sealed class Scratch
    {
        public string[] Members { get; } = new string[MembersMax];

        public string[] Properties { get; } = new string[MembersMax];

        public SeriesKind[] Kinds { get; } = new SeriesKind[MembersMax];

        public double[] Values { get; } = new double[MembersMax];
    }
}
