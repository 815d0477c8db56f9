using Pilotage.Learning.Regimes;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>Rows as a single-sensor alarm looks at them: sensors as deviations within their regime, the rest as stored.</summary>
internal sealed class SensorView
{
    private readonly IReadOnlyList<string> _properties;
    private readonly int[] _settings;
    private readonly int[] _sensors;
    private readonly RegimeNormalizer? _normalizer;

    private SensorView(IReadOnlyList<string> properties, int[] settings, int[] sensors, RegimeNormalizer? normalizer) =>
        (_properties, _settings, _sensors, _normalizer) = (properties, settings, sensors, normalizer);

    /// <summary>Learns regimes and what is usual in each of them from the given lives.</summary>
    public static SensorView Fit(IReadOnlyList<string> properties, RegimeRule? regimes, IReadOnlyList<ObservedLife> lives)
    {
        if (regimes is null)
        {
            return new SensorView(properties, [], [], null);
        }

        var (settings, sensors) = (Columns(properties, regimes.Settings), Columns(properties, regimes.Sensors));
        var rows = lives.SelectMany(life => life.Rows).ToList();
        var normalizer = RegimeNormalizer.Fit(
            Take(rows, settings), settings.Length, Take(rows, sensors), sensors.Length, regimes.Options);
        return new SensorView(properties, settings, sensors, normalizer);
    }

    /// <summary>A property in words; says when it is no longer in its own unit.</summary>
    public string Name(int column) =>
        _normalizer is { Regimes: > 1 } && _sensors.Contains(column) ? $"{_properties[column]} against its regime" : _properties[column];

    public IReadOnlyList<double[]> Of(ObservedLife life)
    {
        if (_normalizer is not { } normalizer)
        {
            return life.Rows;
        }

        var (settings, sensors, normal) = (new float[_settings.Length], new float[_sensors.Length], new float[_sensors.Length]);
        var seen = new double[life.Rows.Count][];
        for (var i = 0; i < seen.Length; i++)
        {
            seen[i] = [.. life.Rows[i]];
            Pick(seen[i], _settings, settings);
            Pick(seen[i], _sensors, sensors);
            normalizer.Transform(settings, sensors, normal);
            for (var sensor = 0; sensor < normal.Length; sensor++)
            {
                seen[i][_sensors[sensor]] = normal[sensor];
            }
        }

        return seen;
    }

    private static int[] Columns(IReadOnlyList<string> properties, IReadOnlyList<string> names) =>
        [.. names.Select(name => properties.Index().First(property => property.Item == name).Index)];

    private static float[] Take(List<double[]> rows, int[] columns)
    {
        var taken = new float[rows.Count * columns.Length];
        for (var row = 0; row < rows.Count; row++)
        {
            Pick(rows[row], columns, taken.AsSpan(row * columns.Length, columns.Length));
        }

        return taken;
    }

    private static void Pick(double[] row, int[] columns, Span<float> into)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            into[i] = (float)row[columns[i]];
        }
    }
}
