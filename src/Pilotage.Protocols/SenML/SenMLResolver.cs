using System.Buffers;
using Pilotage.Core;

namespace Pilotage.Protocols.SenML;

/// <summary>Takes records field by field, in their order, and resolves them.</summary>
/// <remarks>
/// RFC 8428, section 4.6. What would spoil the records that follow (a base field, the version, an extension that must be
/// understood) refuses the pack; what spoils one record is a fault of that record.
/// </remarks>
internal sealed class SenMLResolver(long nowNs)
{
    // Smaller times are relative to now; as absolute ones they would lie before 1978-07-04.
    private const decimal AbsoluteFrom = 268_435_456;
    private const decimal NsPerSecond = 1_000_000_000;
    private const decimal SecondsMax = 9_000_000_000;
    private static readonly SearchValues<char> NameChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:./_");

    private const int FieldCount = SenMLField.DataValue - SenMLField.BaseSum + 1;
    private const uint BaseFields = (1u << (SenMLField.Name - SenMLField.BaseSum)) - 1;
    private static readonly SenMLField[] ValueFields = [SenMLField.Value, SenMLField.TextValue, SenMLField.TruthValue, SenMLField.DataValue];

    private readonly List<SenMLValue> _values = [];
    private readonly List<SenMLFault> _faults = [];
    private readonly SenMLToken[] _tokens = new SenMLToken[FieldCount];
    private uint _given;
    private int _index = -1;
    private string _baseName = "";
    private string? _baseUnit;
    private decimal _baseTime;
    private double _baseValue;
    private double _baseSum;
    private decimal? _version;

    /// <summary>Why the pack is refused; once it is set, nothing more need be handed in.</summary>
    public Refusal? Refused { get; private set; }

    public SenMLPack Pack => new(_values, _faults);

    /// <summary>Begins the next record; false when there are too many.</summary>
    public bool Begin()
    {
        _index++;
        _given = 0;
        return _index < SenMLPack.RecordsMax || Refuse("the pack", $"has more than {SenMLPack.RecordsMax} records; send several");
    }

    /// <summary>Takes a field that is known.</summary>
    public bool Take(SenMLField field, SenMLToken token)
    {
        if (Has(field))
        {
            return Refuse(field, "stands twice");
        }

        _given |= Bit(field);
        _tokens[field - SenMLField.BaseSum] = token;
        return true;
    }

    /// <summary>Judges the label of an extension.</summary>
    public bool Skip(string label) => !SenMLFields.MustBeUnderstood(label)
        || Refuse($"record {_index}", $"{Shown(label)} must be understood, and is not known here");

    /// <summary>Refuses the pack for something that is no record.</summary>
    public bool RefuseRecord(string says) => Refuse($"record {_index}", says);

    /// <summary>Resolves what was taken since the record began; false when the pack is refused.</summary>
    public bool End()
    {
        if (!TakeBase())
        {
            return false;
        }

        // Base fields may stand alone: they set the scene, and no value is meant.
        if (_given == 0 || (_given & ~BaseFields) != 0)
        {
            Resolve();
        }

        return true;
    }

    private bool TakeBase()
    {
        for (var field = SenMLField.BaseSum; field <= SenMLField.BaseVersion; field++)
        {
            var token = Of(field);
            var wrong = !Has(field) ? null : field switch
            {
                SenMLField.BaseName => TakeName(token),
                SenMLField.BaseUnit => token.Text is null ? "must be text" : null,
                SenMLField.BaseTime => token.Exact is null ? "must be a number of seconds" : null,
                SenMLField.BaseValue or SenMLField.BaseSum => token.Number is null ? "must be a number" : null,
                SenMLField.BaseVersion => TakeVersion(token),
                _ => null,
            };
            if (wrong is not null)
            {
                return Refuse(field, wrong);
            }
        }

        _baseUnit = Has(SenMLField.BaseUnit) ? Of(SenMLField.BaseUnit).Text : _baseUnit;
        _baseTime = Has(SenMLField.BaseTime) ? Of(SenMLField.BaseTime).Exact!.Value : _baseTime;
        _baseValue = Has(SenMLField.BaseValue) ? Of(SenMLField.BaseValue).Number!.Value : _baseValue;
        _baseSum = Has(SenMLField.BaseSum) ? Of(SenMLField.BaseSum).Number!.Value : _baseSum;
        return true;
    }

    private string? TakeName(SenMLToken token)
    {
        if (token.Text is not { Length: <= SenMLPack.NameCharsMax } name)
        {
            return token.Text is null ? "must be text" : $"is longer than {SenMLPack.NameCharsMax} characters";
        }

        _baseName = name;
        return null;
    }

    /// <summary>The same in all records that bear one; without any it is the one of the standard.</summary>
    private string? TakeVersion(SenMLToken token)
    {
        if (token.Exact is not { } version || version < 1 || version != decimal.Truncate(version))
        {
            return "must be a whole number from 1 on";
        }

        if (version > SenMLPack.VersionMax)
        {
            return $"is {version}; this server understands versions up to {SenMLPack.VersionMax}";
        }

        var before = _version ?? (_index == 0 ? version : SenMLPack.VersionMax);
        _version = version;
        return before == version ? null : $"is {version} after records of version {before}";
    }

    private void Resolve()
    {
        if (ResolveName() is not { } name || ResolveTime() is not { } timeNs || !TryUnit(out var unit))
        {
            return;
        }

        if (!TryOneValue(out var given))
        {
            return;
        }

        if (given is { } field && ValueOf(field) is { } value)
        {
            _values.Add(new(_index, name, unit, timeNs, value, IsSum: false));
        }

        if (Has(SenMLField.Sum) && Added(SenMLField.Sum, Of(SenMLField.Sum), _baseSum) is { } total)
        {
            _values.Add(new(_index, name, unit, timeNs, total, IsSum: true));
        }
    }

    /// <summary>Which kind of value there is; none where a sum stands alone.</summary>
    private bool TryOneValue(out SenMLField? given)
    {
        given = null;
        foreach (var field in ValueFields)
        {
            if (!Has(field))
            {
                continue;
            }

            if (given is { } before)
            {
                Fault(field, $"stands beside {before.NameOf()}; a record has one value");
                return false;
            }

            given = field;
        }

        if (given is null && !Has(SenMLField.Sum))
        {
            Fault(SenMLField.Value, "is missing: a record has one of v, vs, vb, vd, or a sum s");
            return false;
        }

        return true;
    }

    private string? ResolveName()
    {
        var name = _baseName;
        if (Has(SenMLField.Name))
        {
            if (Of(SenMLField.Name).Text is not { } text)
            {
                return Fault(SenMLField.Name, "must be text");
            }

            if (_baseName.Length + text.Length > SenMLPack.NameCharsMax)
            {
                return Fault(SenMLField.Name, $"is longer than {SenMLPack.NameCharsMax} characters with its base name");
            }

            name += text;
        }

        if (name.Length == 0)
        {
            return Fault(SenMLField.Name, "is missing, and there is no base name");
        }

        // RFC 8428, section 4.5.1.
        return char.IsAsciiLetterOrDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(NameChars)
            ? name
            : Fault(SenMLField.Name, $"{Shown(name)} must begin with a letter or digit and have only letters, digits and - : . / _");
    }

    private long? ResolveTime()
    {
        var time = _baseTime;
        if (Has(SenMLField.Time))
        {
            if (Of(SenMLField.Time).Exact is not { } seconds)
            {
                return FaultOfTime("must be a number of seconds");
            }

            time = Math.Abs(seconds) > SecondsMax ? SecondsMax + 1 : time + seconds;
        }

        if (Math.Abs(time) > SecondsMax)
        {
            return FaultOfTime("lies beyond what a time can be");
        }

        return (time < AbsoluteFrom ? nowNs : 0) + (long)decimal.Round(time * NsPerSecond);
    }

    private bool TryUnit(out string? unit)
    {
        unit = _baseUnit;
        if (Has(SenMLField.Unit))
        {
            unit = Of(SenMLField.Unit).Text;
            if (unit is null)
            {
                Fault(SenMLField.Unit, "must be text");
                return false;
            }
        }

        return true;
    }

    private MeasuredValue? ValueOf(SenMLField field)
    {
        var token = Of(field);
        switch (field)
        {
            case SenMLField.Value:
                return Added(field, token, _baseValue);
            case SenMLField.TruthValue when token.Truth is { } truth:
                return MeasuredValue.Of(truth);
            case SenMLField.TextValue when token.Text is { Length: <= SenMLPack.TextCharsMax } text:
                return MeasuredValue.Of(text);
            case SenMLField.TruthValue:
                Fault(field, "must be true or false");
                return null;
            case SenMLField.TextValue:
                Fault(field, token.Text is null ? "must be text" : $"is longer than {SenMLPack.TextCharsMax} characters");
                return null;
            default:
                Fault(field, "holds bytes, which are no value of a series");
                return null;
        }
    }

    /// <summary>Always a double, also where CBOR had a whole number: encoders shorten 20.0 to 20, and a series has one type.</summary>
    private MeasuredValue? Added(SenMLField field, SenMLToken token, double onto)
    {
        if (token.Number is not { } number)
        {
            Fault(field, "must be a number");
            return null;
        }

        if (!double.IsFinite(number + onto))
        {
            Fault(field, "is too large, or no number");
            return null;
        }

        // Nothing is added where there is no base: -0 stays -0.
        return MeasuredValue.Of(onto == 0 ? number : number + onto);
    }

    private bool Has(SenMLField field) => (_given & Bit(field)) != 0;

    private SenMLToken Of(SenMLField field) => _tokens[field - SenMLField.BaseSum];

    private static uint Bit(SenMLField field) => 1u << (field - SenMLField.BaseSum);

    private string? Fault(SenMLField field, string says)
    {
        _faults.Add(new(_index, field.NameOf(), says));
        return null;
    }

    private long? FaultOfTime(string says)
    {
        Fault(SenMLField.Time, says);
        return null;
    }

    private bool Refuse(SenMLField field, string says) => Refuse($"record {_index}, {field.NameOf()}", says);

    private bool Refuse(string where, string says)
    {
        Refused ??= SenMLReader.Bad($"{where}: {says}");
        return false;
    }

    private static string Shown(string text) => text.Length <= 60 ? $"\"{text}\"" : $"\"{text[..60]}…\"";
}
