using Pilotage.Learning.Boosting;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Training;

/// <summary>The recipe <c>gbt_regression</c>: options out of the package, scores out of fold, and the final fit on all units.</summary>
internal static class BoostingRecipe
{
    /// <summary>Folds of the grouped cross-validation: enough that each fold still fits on most units.</summary>
    public const int Folds = 5;

    public static BoostingOptions Options(RecipeSpec recipe)
    {
        var defaults = new BoostingOptions();
        return new BoostingOptions
        {
            Seed = (int)recipe.Number("seed", defaults.Seed),
            Trees = (int)recipe.Number("trees", defaults.Trees),
            LearningRate = recipe.Number("learning_rate", defaults.LearningRate),
            LeavesMax = (int)recipe.Number("leaves_max", defaults.LeavesMax),
            DepthMax = (int)recipe.Number("depth_max", defaults.DepthMax),
            ChildWeightMin = recipe.Number("child_weight_min", defaults.ChildWeightMin),
            L2 = recipe.Number("l2", defaults.L2),
            GainMin = recipe.Number("gain_min", defaults.GainMin),
            RowShare = recipe.Number("row_share", defaults.RowShare),
            ColumnShare = recipe.Number("column_share", defaults.ColumnShare),
            BinsMax = (int)recipe.Number("bins_max", defaults.BinsMax),
            Members = (int)recipe.Number("members", defaults.Members),
            HeldOutShare = recipe.Number("held_out_share", defaults.HeldOutShare),
            Patience = (int)recipe.Number("patience", defaults.Patience),
            NearWeight = recipe.Number("near_weight", defaults.NearWeight),
            NearLabel = recipe.Number("near_label", defaults.NearLabel),
        };
    }

    /// <summary>Predicts every row by a model that saw no row of its unit.</summary>
    public static float[] OutOfFold(LabelledRows rows, double clip, BoostingOptions options, Action<int> folded, CancellationToken cancellation)
    {
        var units = rows.Matrix.Units.ToArray().Distinct().Count();
        return GroupedCrossValidation.Predict(rows.Matrix, rows.Labels(clip), options, Math.Min(Folds, units), cancellation, folded);
    }
}
