using Pilotage.Streams;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Inputs of models, followed back through the text of a pipeline.</summary>
public sealed class FeatureOriginTests
{
    private static readonly ModelSchema[] Models = [new("regimes", ["a", "b"], ["z_a"]), new("rul", ["x", "age"], ["days"])];

    [Fact]
    public void An_input_is_followed_through_views_and_models_to_the_properties_of_things()
    {
        const string Sql =
            """
            CREATE VIEW health AS SELECT device, ts, z_a * 2 AS hot, COUNT(*) OVER life AS age, b
            FROM ML_PREDICT(TABLE pump, MODEL regimes, DESCRIPTOR(p, q))
            WINDOW life AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 9 PRECEDING AND CURRENT ROW);
            CREATE VIEW features AS SELECT *, CASE WHEN b > 1 THEN -(hot - 1) ELSE NULL END AS x FROM health;
            INSERT INTO alerts SELECT device, ts, 'a' AS kind, days AS score FROM ML_PREDICT(TABLE features, MODEL rul, DESCRIPTOR(x, age)) WHERE days < 3;
            """;
        var origins = FeatureOrigins.Of(Sql, Models);
        Assert.Equal(["regimes a", "regimes b", "rul x", "rul age"], origins.Select(one => $"{one.Model} {one.Name}"));
        Assert.Equal((null, "pump.p"), (origins[0].Expression, Assert.Single(origins[0].Properties)));
        Assert.Equal("CASE WHEN b > 1 THEN -(hot - 1) ELSE NULL END", origins[2].Expression);
        Assert.Equal(["hot = z_a * 2", "z_a = ML_PREDICT(regimes).z_a"], origins[2].Steps);
        Assert.Equal(["features", "health", "regimes"], origins[2].Through);
        Assert.Equal(["pump.b", "pump.p", "pump.q"], origins[2].Properties);
        Assert.Equal("COUNT(*) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)", origins[3].Expression);
    }

    [Theory]
    [InlineData("samples/pump-bearings", "pump.")]
    [InlineData("samples/predictive-maintenance", "engine.")]
    public void Every_input_of_the_samples_leads_to_a_property(string folder, string thing)
    {
        var sql = File.ReadAllText(Path.Combine(Repository.Root, folder, "pipeline.sql"));
        var models = Directory.GetFiles(Path.Combine(Repository.Root, folder, "models"), "*.yaml").Select(file => new ModelSchema(Path.GetFileNameWithoutExtension(file), [], [])).ToList();
        var zs = models.ConvertAll(model => model with { Outputs = model.Name == "regimes" ? [.. sql.Split([' ', '(', ')', ',', '\n']).Where(word => word.StartsWith("z_", StringComparison.Ordinal)).Distinct()] : [] });
        var origins = FeatureOrigins.Of(sql, zs);
        Assert.NotEmpty(origins);
        Assert.All(origins, one => Assert.True(
            one.Properties.Count > 0 ? one.Properties.All(property => property.StartsWith(thing, StringComparison.Ordinal)) : one.Expression?.StartsWith("COUNT(*)", StringComparison.Ordinal) == true, $"{one}"));
    }

    [Theory]
    [InlineData("CREATE VIEW v AS SELECT x + x AS x FROM v; INSERT INTO t SELECT device, ts, days FROM ML_PREDICT(TABLE v, MODEL rul, DESCRIPTOR(x, age));", 2)]
    [InlineData("SELECT nothing", 0)]
    [InlineData("", 0)]
    public void A_text_that_does_not_compile_ends_in_nothing_found(string sql, int inputs)
    {
        var origins = FeatureOrigins.Of(sql, Models);
        Assert.Equal(inputs, origins.Count);
        Assert.All(origins, one => Assert.Empty(one.Properties));
    }
}
