using Pilotage.Server.Models.Training;
using Xunit;

namespace Pilotage.Tests.Server.Models;

public sealed class RegressionMetricsTests
{
    [Fact]
    public void Clips_the_truth_for_rmse_and_not_for_rmse_raw()
    {
        var metrics = RegressionMetrics.Of([100, 100], [100, 140], clip: 120);

        Assert.Equal(Math.Sqrt(400 / 2.0), metrics["rmse"], 9);
        Assert.Equal(Math.Sqrt(1600 / 2.0), metrics["rmse_raw"], 9);
        Assert.Equal(10, metrics["mae"], 9);
    }

    [Fact]
    public void Scores_late_predictions_harder_than_early_ones()
    {
        var late = RegressionMetrics.Of([20], [10], clip: 100)["score_nasa"];
        var early = RegressionMetrics.Of([10], [20], clip: 100)["score_nasa"];

        Assert.Equal(Math.Exp(1) - 1, late, 9);
        Assert.Equal(Math.Exp(10 / 13.0) - 1, early, 9);
    }
}
