using Pilotage.Learning.Boosting;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Training;

/// <summary>The recipe <c>gbt_regression</c>: options out of the package, scores out of fold, and the final fit on all units.</summary>
internal static class BoostingRecipe
{
    /// <summary>Folds of the grouped cross-validation: enough that each fold still fits on most units.</summary>
    public const int Folds = 5;

    // Each deal costs as much again as the one before; a package that leaves its alarm limit open should ask for several.
    private const int DefaultDeals = 1;

    /// <summary>How often the recipe has units dealt to folds.</summary>
    public static int Deals(RecipeSpec recipe) => (int)recipe.Number("deals", DefaultDeals);

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

    /// <summary>Predicts every row by models that saw no row of its unit, once a deal.</summary>
    public static IReadOnlyList<float[]> OutOfFold(
        LabelledRows rows, RecipeSpec recipe, Action<int, int> folded, CancellationToken cancellation)
    {
        var folds = Math.Min(Folds, rows.Matrix.Units.ToArray().Distinct().Count());
        var labels = rows.Labels(recipe.Number("clip", double.PositiveInfinity));
        return GroupedCrossValidation.Predict(
            rows.Matrix, labels, Options(recipe), folds, Deals(recipe), cancellation, done => folded(done, folds * Deals(recipe)));
    }
}
