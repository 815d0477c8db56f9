using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Pilotage.Server.Hosting;

/// <summary>Collects every instrument named <c>pilotage.*</c> and writes the Prometheus text format.</summary>
/// <remarks>Counters end in <c>_total</c>; histograms become sum and count. Label sets beyond the bound are dropped and counted.</remarks>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";
    private const int SeriesMax = 5_000;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Cell> _cells = new(StringComparer.Ordinal);
    private long _dropped;

    public PrometheusText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("pilotage", StringComparison.OrdinalIgnoreCase))
            {
                var family = new Family(instrument);
                _families[family.Name] = family;
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, v, t, family) => Measure((Family)family!, v, t));
        _listener.SetMeasurementEventCallback<int>((_, v, t, family) => Measure((Family)family!, v, t));
        _listener.SetMeasurementEventCallback<double>((_, v, t, family) => Measure((Family)family!, v, t));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        var cells = _cells.Values.ToLookup(cell => cell.Family.Name, StringComparer.Ordinal);
        foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            // Also where nothing was measured yet: a dashboard made on a quiet day finds every name.
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Name} {family.Help}\n# TYPE {family.Name} {family.Type}\n");
            foreach (var cell in cells[family.Name].OrderBy(cell => cell.Labels, StringComparer.Ordinal))
            {
                cell.Write(text);
            }
        }

        text.Append("# HELP pilotage_metrics_dropped_total Measurements of label sets beyond the bound.\n");
        text.Append("# TYPE pilotage_metrics_dropped_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"pilotage_metrics_dropped_total {Interlocked.Read(ref _dropped)}\n");
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Measure(Family family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        var key = family.Name + labels;
        if (!_cells.TryGetValue(key, out var cell))
        {
            if (_cells.Count >= SeriesMax)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            cell = _cells.GetOrAdd(key, _ => new Cell(family, labels));
        }

        cell.Take(value);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder("{");
        foreach (var (name, value) in tags)
        {
            var escaped = Convert.ToString(value, CultureInfo.InvariantCulture)?
                .Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length > 1 ? "," : "").Append(Sanitize(name)).Append("=\"").Append(escaped).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static string Sanitize(string name) => new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);

    /// <summary>One metric: <c>pilotage_&lt;area&gt;_&lt;what&gt;_&lt;unit&gt;[_total]</c>, in base units.</summary>
    private sealed class Family
    {
        public Family(Instrument instrument)
        {
            var kind = instrument.GetType().Name;
            var counter = kind.Contains("Counter", StringComparison.Ordinal) && !kind.Contains("UpDown", StringComparison.Ordinal);
            IsHistogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
            Adds = IsHistogram || (kind.Contains("Counter", StringComparison.Ordinal) && !instrument.IsObservable);
            Type = counter ? "counter" : IsHistogram ? "summary" : "gauge";
            Help = (instrument.Description ?? instrument.Name).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            var unit = instrument.Unit switch
            {
                "s" => "_seconds",
                "By" => "_bytes",
                _ => "",
            };
            var name = Sanitize(instrument.Name);
            name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
            Name = counter ? name + "_total" : name;
        }

        public string Name { get; }

        public string Type { get; }

        public string Help { get; }

        /// <summary>Whether measurements add up, rather than replace the one before.</summary>
        public bool Adds { get; }

        public bool IsHistogram { get; }
    }

    private sealed class Cell(Family family, string labels)
    {
        private readonly Lock _lock = new();
        private double _value;
        private long _count;

        public Family Family { get; } = family;

        public string Labels { get; } = labels;

        public void Take(double value)
        {
            lock (_lock)
            {
                _value = Family.Adds ? _value + value : value;
                _count++;
            }
        }

        public void Write(StringBuilder text)
        {
            lock (_lock)
            {
                if (Family.IsHistogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{Family.Name}_sum{Labels} {_value}\n{Family.Name}_count{Labels} {_count}\n");
                    return;
                }

                text.Append(CultureInfo.InvariantCulture, $"{Family.Name}{Labels} {_value}\n");
            }
        }
    }
}
