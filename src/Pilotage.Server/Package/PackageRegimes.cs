using Pilotage.Learning.Regimes;

namespace Pilotage.Server.Package;

/// <summary>What a package says about operating regimes.</summary>
public static class PackageRegimes
{
    /// <summary>The word of the recipe that takes the operating regime out of sensors.</summary>
    public const string RecipeKind = "regime_normaliser";

    /// <summary>The model that takes the regime out of what a thing measures itself, or null.</summary>
    public static ModelSpec? RegimesOf(this UseCasePackage package, ThingSpec thing)
    {
        var measured = thing.Properties.Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        return package.Models.FirstOrDefault(model =>
            model.Recipe.Kind == RecipeKind && model.Inputs.All(input => measured.Contains(input.Name)));
    }

    /// <summary>How regimes are looked for; what the recipe leaves out is as <see cref="RegimeOptions"/> has it.</summary>
    public static RegimeOptions ToRegimeOptions(this RecipeSpec recipe)
    {
        var defaults = new RegimeOptions();
        return new RegimeOptions
        {
            Seed = (int)recipe.Number("seed", defaults.Seed),
            RegimesMax = (int)recipe.Number("regimes_max", defaults.RegimesMax),
            SilhouetteMin = recipe.Number("silhouette_min", defaults.SilhouetteMin),
            ShareMin = recipe.Number("share_min", defaults.ShareMin),
            RowsMax = (int)recipe.Number("rows_max", defaults.RowsMax),
            Starts = (int)recipe.Number("starts", defaults.Starts),
        };
    }
}
