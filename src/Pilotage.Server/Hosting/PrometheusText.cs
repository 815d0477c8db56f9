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
    private readonly ConcurrentDictionary<string, Cell> _cells = new(StringComparer.Ordinal);
    private long _dropped;

    public PrometheusText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("pilotage", StringComparison.OrdinalIgnoreCase))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, v, t, _) => Measure(i, v, t));
        _listener.SetMeasurementEventCallback<int>((i, v, t, _) => Measure(i, v, t));
        _listener.SetMeasurementEventCallback<double>((i, v, t, _) => Measure(i, v, t));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        string? family = null;
        foreach (var cell in _cells.Values.OrderBy(c => c.Name, StringComparer.Ordinal).ThenBy(c => c.Labels, StringComparer.Ordinal))
        {
            if (cell.Name != family)
            {
                family = cell.Name;
                text.Append(CultureInfo.InvariantCulture, $"# HELP {family} {cell.Help}\n# TYPE {family} {cell.Type}\n");
            }

            cell.Write(text);
        }

        text.Append("# HELP pilotage_metrics_dropped_total Measurements of label sets beyond the bound.\n");
        text.Append("# TYPE pilotage_metrics_dropped_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"pilotage_metrics_dropped_total {Interlocked.Read(ref _dropped)}\n");
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        var key = instrument.Name + labels;
        if (!_cells.TryGetValue(key, out var cell))
        {
            if (_cells.Count >= SeriesMax)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            cell = _cells.GetOrAdd(key, _ => new Cell(instrument, labels));
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

    private sealed class Cell
    {
        private readonly bool _adds;
        private readonly bool _histogram;
        private readonly Lock _lock = new();
        private double _value;
        private long _count;

        public Cell(Instrument instrument, string labels)
        {
            var kind = instrument.GetType().Name;
            var counter = kind.Contains("Counter", StringComparison.Ordinal) && !kind.Contains("UpDown", StringComparison.Ordinal);
            _histogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
            _adds = kind.Contains("Counter", StringComparison.Ordinal) && !instrument.IsObservable;
            Labels = labels;
            Type = counter ? "counter" : _histogram ? "summary" : "gauge";
            Help = instrument.Description ?? instrument.Name;
            var unit = instrument.Unit switch
            {
                "s" => "_seconds",
                "ms" => "_milliseconds",
                "By" => "_bytes",
                _ => "",
            };
            var name = Sanitize(instrument.Name);
            name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
            Name = counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
        }

        public string Name { get; }

        public string Labels { get; }

        public string Type { get; }

        public string Help { get; }

        public void Take(double value)
        {
            lock (_lock)
            {
                _value = _adds || _histogram ? _value + value : value;
                _count++;
            }
        }

        public void Write(StringBuilder text)
        {
            lock (_lock)
            {
                if (_histogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{Name}_sum{Labels} {_value}\n{Name}_count{Labels} {_count}\n");
                    return;
                }

                text.Append(CultureInfo.InvariantCulture, $"{Name}{Labels} {_value}\n");
            }
        }
    }
}
