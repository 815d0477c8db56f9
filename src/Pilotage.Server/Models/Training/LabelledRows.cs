using Pilotage.Learning.Boosting;
using Pilotage.Runtime;
using Pilotage.Server.Models.Datasets;

namespace Pilotage.Server.Models.Training;

/// <summary>Feature rows that carry a label: how long from the row to its unit's stop.</summary>
/// <remarks>Units that have not stopped carry none: how long they had left is not known.</remarks>
internal sealed class LabelledRows
{
    private const double NsPerHour = 3.6e12;
    private LabelledRows(TrainingMatrix matrix, float[] remaining, long[] times)
    {
        Matrix = matrix;
        Remaining = remaining;
        Times = times;
    }

    public TrainingMatrix Matrix { get; }

    /// <summary>What is left at each row in the unit of the label, not clipped.</summary>
    public float[] Remaining { get; }

    public long[] Times { get; }

    /// <summary>The labels a model learns: what is left, cut off at <paramref name="clip"/>.</summary>
    public float[] Labels(double clip) => Array.ConvertAll(Remaining, left => (float)Math.Min(left, clip));

    /// <param name="hoursPerUnit">How many hours one unit of the label is.</param>
    public static LabelledRows Of(FeatureMatrix features, DatasetManifest dataset, double hoursPerUnit)
    {
        var unitOf = dataset.Units.Select((unit, index) => (unit.Device, index)).ToDictionary(pair => pair.Device, pair => pair.index, StringComparer.Ordinal);
        var horizon = dataset.LastHoursBeforeStop ?? double.PositiveInfinity;
        var (values, units, remaining, times) = (new List<float>(), new List<int>(), new List<float>(), new List<long>());
        for (var i = 0; i < features.Rows; i++)
        {
            var (device, at) = features.Key(i);
            var unit = unitOf[device.Value];
            if (dataset.Units[unit].StopNs is not { } stop || at > stop)
            {
                continue;
            }

            var left = (stop - at) / NsPerHour;
            if (left < horizon)
            {
                values.AddRange(features.Row(i));
                units.Add(unit);
                remaining.Add((float)(left / hoursPerUnit));
                times.Add(at);
            }
        }

        return new LabelledRows(new TrainingMatrix([.. values], features.Columns.Count, [.. units]), [.. remaining], [.. times]);
    }
}
