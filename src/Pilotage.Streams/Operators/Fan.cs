using System.Numerics;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Operators;

/// <summary>A step that does nothing with most rows: what its condition is, and for which devices it has to see every row all the same.</summary>
internal interface IGated
{
    /// <summary>Rows for which it is not true change nothing.</summary>
    Scalar Condition { get; }

    /// <summary>Whether a device has something standing that any row may end.</summary>
    bool MustSee(int device);
}

/// <summary>Many rules over one stream: finds by the values of a row the few whose condition may be true, instead of asking each.</summary>
/// <remarks>
/// Rules whose condition holds a column against a number, alone or beside other things, stand sorted by that number. What is found is asked for its whole condition, and in the
/// order of the statements, so nothing is different but the time it takes.
/// </remarks>
internal sealed class Fan : Operator
{
    /// <summary>So many rules that follow one another are put into one of these; fewer are asked one after the other.</summary>
    public const int RulesFrom = 8;

    private const int WordBits = 64;
    private readonly List<Operator> _rules;

    // A bit for each rule that has something standing of the device.
    private readonly PerDevice<ulong[]> _standing = new();
    private Thresholds[] _thresholds = [];
    private Operator[] _hearing = [];
    private ulong[] _always = [];
    private ulong[] _found = [];
    private bool _isReady;

    public Fan(IEnumerable<Operator> rules) => _rules = [.. rules];

    /// <summary>Adds a rule behind those that are there.</summary>
    public void Add(Operator rule) => _rules.Add(rule);

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_isReady)
        {
            Prepare();
        }

        _always.CopyTo(_found, 0);
        foreach (var thresholds in _thresholds)
        {
            thresholds.Find(row[thresholds.Slot], _found);
        }

        if (!_standing.TryGet(head.Device, out var standing))
        {
            _standing.Set(head.Device, standing = Standing(head.Device));
        }

        for (var word = 0; word < _found.Length; word++)
        {
            _found[word] |= standing[word];
        }

        PushFound(head, row, standing);
    }

    public override void Watermark(int device, long watermarkNs, long inputId)
    {
        if (!_isReady)
        {
            Prepare();
        }

        foreach (var rule in _hearing)
        {
            rule.Watermark(device, watermarkNs, inputId);
        }
    }

    public override void Complete()
    {
        foreach (var rule in _rules)
        {
            rule.Complete();
        }
    }

    private void PushFound(in RowHead head, ReadOnlySpan<double> row, ulong[] standing)
    {
        for (var word = 0; word < _found.Length; word++)
        {
            for (var left = _found[word]; left != 0; left &= left - 1)
            {
                var rule = (word * WordBits) + BitOperations.TrailingZeroCount(left);
                _rules[rule].Push(head, row);
                Note(rule, head.Device, standing);
            }
        }
    }

    /// <summary>Takes note of what stands now.</summary>
    private void Note(int rule, int device, ulong[] standing)
    {
        var bit = 1UL << rule;
        if (((IGated)_rules[rule]).MustSee(device))
        {
            standing[rule / WordBits] |= bit;
        }
        else
        {
            standing[rule / WordBits] &= ~bit;
        }
    }

    /// <summary>What stands of a device that was not seen since the start, by a checkpoint say.</summary>
    private ulong[] Standing(int device)
    {
        var standing = new ulong[_found.Length];
        for (var rule = 0; rule < _rules.Count; rule++)
        {
            Note(rule, device, standing);
        }

        return standing;
    }

    private void Prepare()
    {
        var words = (_rules.Count + WordBits - 1) / WordBits;
        (_always, _found) = (new ulong[words], new ulong[words]);
        var bounds = new List<(SlotBound Bound, int Rule)>();
        for (var rule = 0; rule < _rules.Count; rule++)
        {
            if (((IGated)_rules[rule]).Condition.Bound() is { } bound)
            {
                bounds.Add((bound, rule));
            }
            else
            {
                _always[rule / WordBits] |= 1UL << rule;
            }
        }

        _thresholds = [.. bounds.GroupBy(pair => pair.Bound.Slot).Select(ofSlot => new Thresholds(ofSlot.Key, [.. ofSlot]))];
        _hearing = [.. _rules.Where(rule => rule.HearsWatermarks)];
        _isReady = true;
    }

    /// <summary>The rules that hold one column against numbers.</summary>
    private sealed class Thresholds
    {
        // Those that need a value of at least so much, the least first; and of at most so much, the greatest first.
        private readonly (double Number, int Rule)[] _least;
        private readonly (double Number, int Rule)[] _most;

        public Thresholds(int slot, IReadOnlyList<(SlotBound Bound, int Rule)> bounds)
        {
            Slot = slot;

            // One that has both ends is looked for by the end that is an end at all.
            _least = [.. bounds.Where(pair => double.IsFinite(pair.Bound.Least)).Select(pair => (pair.Bound.Least, pair.Rule)).OrderBy(pair => pair.Least)];
            _most = [.. bounds.Where(pair => !double.IsFinite(pair.Bound.Least)).Select(pair => (pair.Bound.Most, pair.Rule)).OrderByDescending(pair => pair.Most)];
        }

        public int Slot { get; }

        public void Find(double value, ulong[] found)
        {
            // NULL is neither: no condition over it is true.
            foreach (var (number, rule) in _least)
            {
                if (!(value >= number))
                {
                    break;
                }

                found[rule / WordBits] |= 1UL << rule;
            }

            foreach (var (number, rule) in _most)
            {
                if (!(value <= number))
                {
                    break;
                }

                found[rule / WordBits] |= 1UL << rule;
            }
        }
    }
}
