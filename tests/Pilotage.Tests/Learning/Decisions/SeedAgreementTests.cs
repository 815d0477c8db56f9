using Pilotage.Learning.Boosting;
using Pilotage.Learning.Decisions;
using Xunit;

namespace Pilotage.Tests.Learning.Decisions;

/// <summary>What a training seed may decide about alarms: averaging members and dealing folds anew leave little of it.</summary>
public sealed class SeedAgreementTests
{
    private static readonly DowntimeProtocol Protocol = new(LeadCycles: 10, UnplannedHours: 10, PlannedHours: 2);
    private static readonly int[] Seeds = [1, 2, 3, 4];

    private static readonly BoostingOptions Single = new()
    {
        Trees = 25, LearningRate = 0.2, LeavesMax = 8, DepthMax = 4, BinsMax = 32, RowShare = 0.3, ColumnShare = 0.5,
    };

    [Fact]
    public void Seeds_agree_about_alarms_where_members_and_deals_are_several()
    {
        var (fit, fresh) = (Fleet(seed: 10, lives: 24), Fleet(seed: 11, lives: 12));

        var several = Disagreement(fit, fresh, Single with { Members = 6 }, deals: 3);
        var one = Disagreement(fit, fresh, Single, deals: 1);

        Assert.True(several < 1.5, $"Alarms of one life differ by {several} cycles from seed to seed.");
        Assert.True(several < 0.8 * one, $"{several} against {one} cycles.");
    }

    /// <summary>Standard deviation of a life's alarm over the seeds, in cycles, root mean square over lives.</summary>
    private static double Disagreement(Lives fit, Lives fresh, BoostingOptions options, int deals)
    {
        var alarms = Seeds.Select(seed => Alarms(fit, fresh, options with { Seed = seed }, deals)).ToList();
        return Math.Sqrt(Enumerable.Range(0, fresh.All.Count).Average(life =>
        {
            var mean = alarms.Average(seed => seed[life]);
            return alarms.Average(seed => (seed[life] - mean) * (seed[life] - mean));
        }));
    }

    private static List<double> Alarms(Lives fit, Lives fresh, BoostingOptions options, int deals)
    {
        var outOfFold = GroupedCrossValidation.Predict(fit.Data, fit.Left, options, 4, deals, CancellationToken.None);
        var rule = AlarmThreshold.Choose([.. outOfFold.SelectMany(fit.Series)], Protocol);
        var trees = GradientBoosting.Train(fit.Data, fit.Left, options, CancellationToken.None);
        float[] scores = [.. Enumerable.Range(0, fresh.Data.Rows).Select(row => trees.Predict(fresh.Data.Row(row)))];
        return [.. fresh.Series(scores).Select(life => (double)(life.FirstAlarm(rule.Threshold) ?? life.Life.Cycles))];
    }

    /// <summary>Units whose four noisy sensors drift away over the last fifty cycles.</summary>
    private static Lives Fleet(int seed, int lives)
    {
        var random = new Random(seed);
        var (values, units, left) = (new List<float>(), new List<int>(), new List<float>());
        var all = Enumerable.Range(0, lives).Select(i => new Life($"{i}", 60 + random.Next(60))).ToList();
        for (var unit = 0; unit < all.Count; unit++)
        {
            for (var remaining = all[unit].Cycles - 1; remaining >= 0; remaining--)
            {
                for (var sensor = 0; sensor < 4; sensor++)
                {
                    values.Add((float)((Math.Max(0, 50 - remaining) * 0.1) + (random.NextDouble() * 1.5)));
                }

                units.Add(unit);
                left.Add(Math.Min(60, remaining));
            }
        }

        return new Lives(all, new TrainingMatrix([.. values], 4, [.. units]), [.. left]);
    }

    private sealed record Lives(IReadOnlyList<Life> All, TrainingMatrix Data, float[] Left)
    {
        public IEnumerable<AlarmSeries> Series(float[] scores)
        {
            var at = 0;
            foreach (var life in All)
            {
                yield return new AlarmSeries(life, [.. scores[at..(at + life.Cycles)].Select(score => (double)score)], AlarmSide.Below);
                at += life.Cycles;
            }
        }
    }
}
