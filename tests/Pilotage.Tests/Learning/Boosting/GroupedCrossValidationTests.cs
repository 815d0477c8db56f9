using Pilotage.Learning.Boosting;
using Xunit;

namespace Pilotage.Tests.Learning.Boosting;

public sealed class GroupedCrossValidationTests
{
    private static readonly BoostingOptions Options = new()
    {
        Trees = 30, LearningRate = 0.3, ChildWeightMin = 1, L2 = 0, RowShare = 1, ColumnShare = 1,
    };

    [Fact]
    public void Never_shows_a_model_the_unit_it_is_asked_about()
    {
        // The only feature names the unit, and labels are the unit's own: a model that saw it would know them.
        var units = Enumerable.Range(0, 200).Select(row => row / 10).ToArray();
        float[] values = [.. units.Select(unit => (float)unit)];
        float[] labels = [.. units.Select(unit => unit % 2 == 0 ? 0f : 100f)];
        var data = new TrainingMatrix(values, 1, units);

        var predictions = GroupedCrossValidation.Predict(data, labels, Options, 5, 1, CancellationToken.None)[0];
        var own = GradientBoosting.Train(data, labels, Options, CancellationToken.None);

        Assert.True(labels.Select((label, row) => Math.Abs(label - predictions[row])).Average() > 30);
        Assert.True(labels.Select((label, row) => Math.Abs(label - own.Predict(data.Row(row)))).Average() < 5);
    }

    [Fact]
    public void Predicts_every_row_where_units_share_what_is_to_be_learnt()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 400).Select(_ => random.NextSingle())];
        float[] labels = [.. values.Select(value => value * 10)];
        var data = new TrainingMatrix(values, 1, [.. Enumerable.Range(0, 400).Select(row => row % 8)]);

        var predictions = GroupedCrossValidation.Predict(data, labels, Options, 4, 1, CancellationToken.None)[0];

        Assert.All(labels.Zip(predictions), pair => Assert.Equal(pair.First, pair.Second, 1f));
    }

    [Fact]
    public void Deals_units_anew_each_time_and_the_same_way_on_one_thread_or_two()
    {
        var random = new Random(2);
        float[] values = [.. Enumerable.Range(0, 400).Select(_ => random.NextSingle())];
        float[] labels = [.. values.Select(value => (value * 10) + random.NextSingle())];
        var data = new TrainingMatrix(values, 1, [.. Enumerable.Range(0, 400).Select(row => row % 20)]);

        var two = GroupedCrossValidation.Predict(data, labels, Options, 4, 3, CancellationToken.None);
        var one = GroupedCrossValidation.Predict(data, labels, Options with { ThreadsMax = 1 }, 4, 3, CancellationToken.None);
        var single = GroupedCrossValidation.Predict(data, labels, Options, 4, 1, CancellationToken.None);

        Assert.Equal(3, two.Count);
        Assert.NotEqual(two[0], two[1]);
        Assert.NotEqual(two[1], two[2]);
        Assert.Equal(one, two);
        Assert.Equal(single[0], two[0]);
    }

    [Fact]
    public void Refuses_a_number_of_deals_out_of_range() =>
        Assert.Contains(
            "deals is 21; it must be 1 to 20",
            Assert.Throws<ArgumentOutOfRangeException>(() => GroupedCrossValidation.Predict(
                new TrainingMatrix([1, 2], 1, [0, 1]), [1, 2], Options, 2, 21, CancellationToken.None)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Refuses_more_folds_than_units() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => GroupedCrossValidation.Predict(
            new TrainingMatrix([1, 2], 1, [0, 1]), [1, 2], Options, 3, 1, CancellationToken.None));
}
