namespace Pilotage.Streams.Expressions;

/// <summary>The texts of a run, each by a number: equal texts have one number, so that a value of a row is a double whatever it holds.</summary>
/// <remarks>
/// Texts of the plan come first and stay. The others come and go: between rows, once there are many, those that no step
/// keeps make room for others. A bound on their number and on their length holds; what finds no room is NULL, counted.
/// </remarks>
internal sealed class TextPool
{
    private const int SweptFirstAt = 4_096;
    private readonly int _constants;
    private readonly PipelineLimits _limits;
    private readonly List<string?> _texts = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Stack<int> _free = new();
    private readonly Dictionary<int, int> _restored = [];
    private bool[] _kept = [];
    private int _sweptAt = SweptFirstAt;
    private long _chars;
    private long _charsSweptAt;

    public TextPool(IReadOnlyList<string> constants, PipelineLimits limits)
    {
        (_constants, _limits) = (constants.Count, limits);
        _charsSweptAt = limits.TextPoolCharsMax / 2;
        _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in constants)
        {
            _numbers.Add(text, _texts.Count);
            _texts.Add(text);
        }
    }

    /// <summary>Texts that were NULL instead: too long, or too many at once.</summary>
    public long Refused { get; set; }

    /// <summary>Letters of a text at most.</summary>
    public int LongestText => _limits.TextCharsMax;

    /// <summary>How many there are beside those of the plan.</summary>
    public int Count => _numbers.Count - _constants;

    /// <summary>Whether it is time to let go of those that nobody keeps.</summary>
    public bool IsDue => Count >= _sweptAt || _chars >= _charsSweptAt;

    public string this[double number] => _texts[(int)number]!;

    /// <summary>The number of a text; NULL where it is too long or there are too many.</summary>
    public double Add(ReadOnlySpan<char> text)
    {
        if (_lookup.TryGetValue(text, out var number))
        {
            return number;
        }

        if (text.Length > _limits.TextCharsMax || Count >= _limits.TextsMax || _chars + text.Length > _limits.TextPoolCharsMax)
        {
            Refused++;
            return Scalar.Null;
        }

        var added = text.ToString();
        if (_free.TryPop(out number))
        {
            _texts[number] = added;
        }
        else
        {
            number = _texts.Count;
            _texts.Add(added);
        }

        _numbers.Add(added, number);
        _chars += added.Length;
        return number;
    }

    /// <summary>Begins to find out what is kept.</summary>
    public void BeginSweep() => _kept = new bool[_texts.Count];

    /// <summary>Says that a step keeps a value, which may be NULL.</summary>
    public void Keep(double number)
    {
        if (!double.IsNaN(number))
        {
            _kept[(int)number] = true;
        }
    }

    public void Keep(ReadOnlySpan<double> numbers)
    {
        foreach (var number in numbers)
        {
            Keep(number);
        }
    }

    /// <summary>Lets go of what nobody said is kept.</summary>
    public void EndSweep()
    {
        for (var number = _constants; number < _kept.Length; number++)
        {
            if (!_kept[number] && _texts[number] is { } text)
            {
                _numbers.Remove(text);
                _chars -= text.Length;
                _texts[number] = null;
                _free.Push(number);
            }
        }

        _kept = [];
        _sweptAt = Math.Min(Math.Max(SweptFirstAt, Count * 2), _limits.TextsMax);
        _charsSweptAt = Math.Min(Math.Max(_limits.TextPoolCharsMax / 2, _chars * 2), _limits.TextPoolCharsMax);
    }

    /// <summary>The texts that are kept, by number; between begin and end of a sweep.</summary>
    public IEnumerable<(int Number, string Text)> Kept()
    {
        for (var number = 0; number < _kept.Length; number++)
        {
            if (_kept[number])
            {
                yield return (number, _texts[number]!);
            }
        }
    }

    /// <summary>Takes a text of a checkpoint, where it had another number.</summary>
    public void Restore(int saved, string text)
    {
        var number = Add(text);
        if (!double.IsNaN(number))
        {
            _restored[saved] = (int)number;
        }
    }

    /// <summary>Gives values of a checkpoint the numbers of this run; false where a text is not there.</summary>
    public bool TryTranslate(Span<double> values)
    {
        foreach (ref var value in values)
        {
            if (double.IsNaN(value))
            {
                continue;
            }

            if (value is < 0 or > int.MaxValue || !_restored.TryGetValue((int)value, out var number))
            {
                return false;
            }

            value = number;
        }

        return true;
    }
}
