namespace Pilotage.Server.Models.Datasets;

/// <summary>Where the rows of two datasets differ: compared device by device in their order, in the columns that both have.</summary>
/// <param name="Units">Paths of devices of both whose rows are others.</param>
/// <param name="Columns">Columns that have another value somewhere at a row that both have.</param>
internal sealed record DatasetRowChanges(IReadOnlySet<string> Units, IReadOnlySet<string> Columns)
{
    /// <summary>Most values that are held back at once, 8 MiB: rows of a device that the other file brings later.</summary>
    public const int HeldValuesMax = 1024 * 1024;

    public static DatasetRowChanges None { get; } = new(new HashSet<string>(), new HashSet<string>());

    /// <summary>Compares two files that are read side by side.</summary>
    /// <remarks>
    /// Rows stand in the order in which they were stored, so those of two cuts of one store come nearly together. Where they do not, and too many would have
    /// to wait for the other file, half of the devices are compared first and the others after them; those of one alone never wait.
    /// </remarks>
    /// <param name="before">The manifest of the older one.</param>
    /// <param name="rowsBefore">Its rows.</param>
    /// <param name="after">The manifest of the newer one.</param>
    /// <param name="rowsAfter">Its rows.</param>
    /// <param name="heldValuesMax">Most values that are held back at once.</param>
    public static DatasetRowChanges Of(DatasetManifest before, DatasetRowFile rowsBefore, DatasetManifest after, DatasetRowFile rowsAfter, int heldValuesMax = HeldValuesMax)
    {
        var (unitsBefore, unitsAfter) = (Places(before), Places(after));
        var shared = before.Properties.Select((name, at) => new SharedColumn(name, at, after.Properties.ToList().IndexOf(name))).Where(column => column.After >= 0).ToArray();
        var result = (Units: new HashSet<string>(StringComparer.Ordinal), Columns: new HashSet<string>(StringComparer.Ordinal));
        var open = new Stack<List<string>>([[.. unitsBefore.Keys.Where(unitsAfter.ContainsKey)]]);
        while (open.TryPop(out var paths))
        {
            var pairs = paths.ConvertAll(path => new UnitPair(path, unitsBefore[path], unitsAfter[path]));
            if (paths.Count > 0 && !TryCompare(pairs, new Side(rowsBefore, before.Units.Count, pairs, isBefore: true), new Side(rowsAfter, after.Units.Count, pairs, isBefore: false), shared, heldValuesMax))
            {
                open.Push(paths[(paths.Count / 2)..]);
                open.Push(paths[..(paths.Count / 2)]);
                continue;
            }

            result.Units.UnionWith(pairs.Where(pair => pair.IsOther).Select(pair => pair.Path));
            result.Columns.UnionWith(pairs.SelectMany(pair => pair.Columns));
        }

        return new DatasetRowChanges(result.Units, result.Columns);
    }

    private static Dictionary<string, int> Places(DatasetManifest manifest) => manifest.Units.Select((unit, at) => (unit.Path, at)).ToDictionary(unit => unit.Path, unit => unit.at, StringComparer.Ordinal);

    /// <summary>Reads both files once; false where too much would be held back.</summary>
    private static bool TryCompare(List<UnitPair> pairs, Side before, Side after, SharedColumn[] shared, int heldValuesMax)
    {
        var valuesMax = pairs.Count == 1 ? int.MaxValue : heldValuesMax;
        while (true)
        {
            // The side on which less waits: of one device alone no more than one row ever does.
            var isBefore = !before.IsAtEnd && (after.IsAtEnd || before.Held <= after.Held);
            var (reading, other) = isBefore ? (before, after) : (after, before);
            if (reading.Next() is not { } pair)
            {
                if (before.IsAtEnd && after.IsAtEnd)
                {
                    return true;
                }

                continue;
            }

            if (!pair.IsPaired)
            {
                continue;
            }

            if (other.Take(pair) is { } waiting)
            {
                if (isBefore)
                {
                    pair.Compare(reading.TimeNs, reading.Values, waiting.TimeNs, waiting.Values, shared);
                }
                else
                {
                    pair.Compare(waiting.TimeNs, waiting.Values, reading.TimeNs, reading.Values, shared);
                }

                other.GiveBack(waiting.Values);
                if (!pair.IsPaired)
                {
                    before.Forget(pair);
                    after.Forget(pair);
                }
            }
            else if (!other.IsAtEnd)
            {
                reading.Hold(pair);
                if (before.Held + after.Held > valuesMax)
                {
                    return false;
                }
            }
        }
    }

    private sealed record SharedColumn(string Name, int Before, int After);

    /// <summary>A device of both, and what is found of it.</summary>
    private sealed class UnitPair(string path, int before, int after)
    {
        private int _more;

        public string Path => path;

        public int Before => before;

        public int After => after;

        public HashSet<string> Columns { get; } = new(StringComparer.Ordinal);

        /// <summary>Whether the next rows of both are each other's: where a row came or went, which value after it is whose nobody can say.</summary>
        public bool IsPaired { get; private set; } = true;

        public bool IsOther => !IsPaired || _more != 0 || Columns.Count > 0;

        /// <summary>A row of one side, which the other has to have too.</summary>
        public void Count(bool isBefore) => _more += isBefore ? 1 : -1;

        public void Compare(long timeBefore, ReadOnlySpan<double> rowBefore, long timeAfter, ReadOnlySpan<double> rowAfter, SharedColumn[] shared)
        {
            IsPaired = timeBefore == timeAfter;
            foreach (var column in IsPaired ? shared : [])
            {
                if (!rowBefore[column.Before].Equals(rowAfter[column.After]))
                {
                    Columns.Add(column.Name);
                }
            }
        }
    }

    /// <summary>One of the two files, and rows of it that wait for the other one.</summary>
    private sealed class Side
    {
        private readonly DatasetRowFile _rows;
        private readonly UnitPair?[] _pairs;
        private readonly bool _isBefore;
        private readonly Dictionary<UnitPair, Queue<(long TimeNs, double[] Values)>> _waiting = [];

        // Most rows wait for the next one of the other file alone.
        private readonly Stack<double[]> _free = [];

        public Side(DatasetRowFile rows, int units, List<UnitPair> pairs, bool isBefore)
        {
            (_rows, _pairs, _isBefore) = (rows, new UnitPair?[units], isBefore);
            pairs.ForEach(pair => _pairs[isBefore ? pair.Before : pair.After] = pair);
            rows.Restart();
        }

        public bool IsAtEnd { get; private set; }

        /// <summary>Values that wait, a time counted as one.</summary>
        public int Held { get; private set; }

        public long TimeNs => _rows.TimeNs;

        public ReadOnlySpan<double> Values => _rows.Values;

        /// <summary>The device of the next row; null where it is none of those that are compared, or there is no more.</summary>
        public UnitPair? Next()
        {
            IsAtEnd = IsAtEnd || !_rows.Read();
            var pair = IsAtEnd ? null : _pairs[_rows.Unit];
            pair?.Count(_isBefore);
            return pair;
        }

        public void Hold(UnitPair pair)
        {
            if (!_waiting.TryGetValue(pair, out var queue))
            {
                _waiting.Add(pair, queue = new());
            }

            var values = _free.TryPop(out var free) ? free : new double[_rows.Properties];
            Values.CopyTo(values);
            queue.Enqueue((TimeNs, values));
            Held += 1 + _rows.Properties;
        }

        public (long TimeNs, double[] Values)? Take(UnitPair pair)
        {
            if (!_waiting.TryGetValue(pair, out var queue) || !queue.TryDequeue(out var row))
            {
                return null;
            }

            Held -= 1 + _rows.Properties;
            return row;
        }

        public void GiveBack(double[] values) => _free.Push(values);

        public void Forget(UnitPair pair)
        {
            if (_waiting.Remove(pair, out var queue))
            {
                Held -= queue.Count * (1 + _rows.Properties);
            }
        }
    }
}
