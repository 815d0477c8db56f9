using Pilotage.Protocols;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Puts single values together to rows: those of one time stand in one row, in the order in which times and names came.</summary>
internal sealed class RowGathering
{
    /// <summary>Most properties of a row.</summary>
    public const int PropertiesMax = 1024;

    private readonly Dictionary<long, Row> _rows = [];
    private readonly List<Row> _inOrder = [];

    /// <summary>Values in all rows.</summary>
    public int Values { get; private set; }

    /// <summary>Adds a value; a name that comes again at the same time counts with the last one. Why not, where it cannot be stored.</summary>
    public string? Add(long timeNs, string property, MeasuredValue measured)
    {
        if (!TelemetryReader.IsProperty(property))
        {
            return $"\"{property}\" cannot be the name of a property: it has letters, digits and _ . : -, at most 128 of them, and is neither . nor ..";
        }

        if (!StoredValue.TryOf(measured, out var value, out var why))
        {
            return why;
        }

        if (!_rows.TryGetValue(timeNs, out var row))
        {
            _inOrder.Add(row = new Row(timeNs));
            _rows.Add(timeNs, row);
        }

        var before = row.Count;
        if (!row.TryPut(property, value))
        {
            return $"there are more than {PropertiesMax} properties at one time";
        }

        Values += row.Count - before;
        return null;
    }

    /// <summary>Adds a whole row; false, and nothing is added, where something stands at that time already, or a value cannot be stored.</summary>
    /// <param name="timeNs">Its time.</param>
    /// <param name="properties">Names that can be properties, each once; many rows have the same list.</param>
    /// <param name="measured">A value for each.</param>
    public bool TryAddRow(long timeNs, string[] properties, IReadOnlyList<MeasuredValue> measured)
    {
        if (_rows.ContainsKey(timeNs))
        {
            return false;
        }

        var values = new SeriesValue[properties.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (!StoredValue.TryOf(measured[i], out values[i], out _))
            {
                return false;
            }
        }

        var row = new Row(timeNs, properties, values);
        _rows.Add(timeNs, row);
        _inOrder.Add(row);
        Values += values.Length;
        return true;
    }

    public IReadOnlyList<TelemetryRow> ToRows() => _inOrder.ConvertAll(row => row.ToTelemetry());

    private sealed class Row(long timeNs)
    {
        private const int LinearMax = 16;
        private TelemetryRow? _whole;
        private List<string> _names = [];
        private List<SeriesValue> _values = [];
        private Dictionary<string, int>? _places;

        public Row(long timeNs, string[] names, SeriesValue[] values)
            : this(timeNs) => _whole = new TelemetryRow(timeNs, names, values);

        public int Count => _whole?.Properties.Length ?? _names.Count;

        public bool TryPut(string name, SeriesValue value)
        {
            if (_whole is { } whole)
            {
                (_names, _values, _whole) = ([.. whole.Properties], [.. whole.Values], null);
                Index();
            }

            var place = _places is null ? _names.IndexOf(name) : _places.GetValueOrDefault(name, -1);
            if (place >= 0)
            {
                _values[place] = value;
                return true;
            }

            if (_names.Count == PropertiesMax)
            {
                return false;
            }

            _names.Add(name);
            _values.Add(value);
            _places?.Add(name, _names.Count - 1);
            if (_places is null)
            {
                Index();
            }

            return true;
        }

        public TelemetryRow ToTelemetry() => _whole ?? new(timeNs, [.. _names], _values.ToArray());

        private void Index()
        {
            if (_names.Count > LinearMax)
            {
                _places = _names.Select((known, i) => (known, i)).ToDictionary(pair => pair.known, pair => pair.i, StringComparer.Ordinal);
            }
        }
    }
}
