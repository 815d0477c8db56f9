using Pilotage.Core;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Package;
using Pilotage.Testing;
using Pilotage.Tests.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Models;

public sealed class TrainingJobTests
{
    private const long HourNs = 3_600_000_000_000;
    private const int LifeHours = 60;

    [Fact]
    public void Trains_a_model_that_sees_wear_on_units_it_never_saw()
    {
        var result = Train(units: 10, stopped: true, LabelsFromStops()).Value;

        var model = Assert.Single(result.Models);
        // Hours left are 0 to 59; a model that knew nothing would be off by about 17.
        Assert.InRange(model.Metrics["rmse"], 0, 8);
        Assert.Equal(0, model.ExportError, 1e-4);
        Assert.True(model.ExportRows > 0);
        Assert.NotNull(result.Alarm);
        Assert.InRange(result.Alarm.Threshold, 5, 40);
    }

    [Fact]
    public void Writes_golden_answers_that_the_file_meets_and_another_file_does_not()
    {
        var model = Train(units: 6, stopped: true, LabelsFromStops()).Value.Models[0];
        var other = Train(units: 7, stopped: true, LabelsFromStops()).Value.Models[0];
        var golden = GoldenSet.Read(model.Golden).Value;
        using var loaded = OnnxModel.Load(model.Onnx, new OnnxOptions()).Value;
        using var wrong = OnnxModel.Load(other.Onnx, new OnnxOptions()).Value;

        Assert.True(golden.Check(loaded).Pass);
        Assert.False(golden.Check(wrong).Pass);
    }

    [Fact]
    public void Gives_the_same_file_for_the_same_dataset()
    {
        var first = Train(units: 5, stopped: true, LabelsFromStops()).Value.Models[0];
        var second = Train(units: 5, stopped: true, LabelsFromStops()).Value.Models[0];

        Assert.Equal(Digest.Of(first.Onnx), Digest.Of(second.Onnx));
    }

    [Fact]
    public void Gives_the_same_file_however_the_messages_of_the_devices_fell_between_one_another()
    {
        var oneByOne = Train(units: 5, stopped: true, LabelsFromStops()).Value;
        var together = Train(units: 5, stopped: true, LabelsFromStops(), interleaved: true).Value;

        Assert.Equal(Digest.Of(oneByOne.Models[0].Onnx), Digest.Of(together.Models[0].Onnx));
        Assert.Equal(oneByOne.Alarm!.Threshold, together.Alarm!.Threshold);
    }

    [Fact]
    public void Refuses_a_dataset_in_which_nothing_has_stopped()
    {
        Assert.Equal("training.too_few_units", Train(units: 5, stopped: false, LabelsFromStops()).Refusal.Code);
    }

    [Fact]
    public void Says_that_labels_out_of_verdicts_cannot_be_trained_on_yet()
    {
        Assert.Equal("training.label_source", Train(units: 5, stopped: true, SamplePackage.Texts()).Refusal.Code);
    }

    private static Dictionary<string, string> LabelsFromStops()
    {
        var texts = SamplePackage.Texts();
        texts["models/bearing_rul.yaml"] = texts["models/bearing_rul.yaml"]
            .Replace("label: {from: verdicts, cause: bearing, horizon: P7D}", "label: {from: stops}", StringComparison.Ordinal)
            .Replace("rul_days: d", "rul_days: h", StringComparison.Ordinal);
        return texts;
    }

    /// <summary>Pumps whose vibration grows with age; each unit has an offset of its own, so memory does not help.</summary>
    private static Outcome<TrainingResult> Train(int units, bool stopped, Dictionary<string, string> texts, bool interleaved = false)
    {
        var package = PackageReader.Read(SamplePackage.Bytes(texts)).Value;
        var random = new Random(units);
        var stored = new List<(int Unit, int Hour, double Vibration)>();
        var members = new List<DatasetUnit>();
        for (var unit = 0; unit < units; unit++)
        {
            var offset = random.NextDouble() * 0.1;
            for (var hour = 0; hour < LifeHours; hour++)
            {
                stored.Add((unit, hour, 1 + offset + (hour * 0.1)));
            }

            members.Add(new DatasetUnit($"dev_{unit}", $"acme/lyon/a/pump-{unit}", LifeHours, 0, (LifeHours - 1) * HourNs, stopped ? (LifeHours - 1) * HourNs : null, false));
        }

        var rows = new DatasetRows(4);
        foreach (var (unit, hour, vibration) in interleaved ? stored.OrderBy(row => row.Hour).ThenByDescending(row => row.Unit) : stored.AsEnumerable())
        {
            rows.Add(unit, hour * HourNs, [50, vibration, 40 + (hour * 0.05), 20]);
        }

        var manifest = new DatasetManifest(
            DatasetManifest.CurrentFormat, "pumps", package.Digest.ToString(), "pump", ["load", "vibration", "bearing_temp", "ambient"],
            Digest.Of(rows.ToBytes()).ToString(), rows.Count, members, [], null, []);
        return new TrainingJob(package, manifest, rows, "1.0.0", "run_1", Digest.Of("pumps"u8).ToString(), new ManualTime())
            .Execute(_ => { }, CancellationToken.None);
    }
}
